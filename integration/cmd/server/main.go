// Server runs a real Temporal server over SQLite in memory until its input ends. It writes its
// address as the first line of its output. It is for programs that need a server in a process of its
// own and do not link one:
//
//	go run ./integration/cmd/server
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/mainspring-go/mainspring/integration/embedded"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, in io.Reader, out io.Writer) error {
	server, err := embedded.Start(ctx, embedded.Options{})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, server.Address()); err != nil {
		return errors.Join(err, server.Stop())
	}
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, in)
		ended <- err
	}()
	select {
	case err = <-ended:
	case <-ctx.Done():
	}
	return errors.Join(err, server.Stop())
}
