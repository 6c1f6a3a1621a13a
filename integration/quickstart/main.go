// Command quickstart shows Mainspring at work: one order, from the charge to the
// receipt, on a real Temporal server that it brings along.
//
//	go run ./integration/quickstart
//
// This program is small so that it starts at once: the quickstart proper, in the
// directory order, links a whole Temporal server, which takes minutes to compile
// the first time. It has the go command build that while it tells how far it
// is, runs what was built with its own flags, and ends with its exit code. It
// leaves nothing behind but Go's build cache.
package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/signal"
	"syscall"

	"github.com/mainspring-go/mainspring/integration/quickstart/settings"
)

// program is what is built and run.
const program = "github.com/mainspring-go/mainspring/integration/quickstart/order"

func main() {
	if len(os.Args) == 4 && os.Args[1] == keepCommand {
		os.Exit(keep(os.Args[2], os.Args[3]))
	}
	if _, err := settings.Parse(os.Args[1:], os.Stderr); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	l := launcher{program: program, args: os.Args[1:], in: os.Stdin, out: os.Stdout, err: os.Stderr}
	code := l.run(ctx)
	stop()
	os.Exit(code)
}
