// Command order is the quickstart proper: it starts a Temporal server, a Mainspring
// worker and a client, runs one order, and stops it all. Run it through the
// quickstart, which shows that it is being built:
//
//	go run ./integration/quickstart
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/integration/embedded"
	"github.com/mainspring-go/mainspring/integration/quickstart/settings"
	"github.com/mainspring-go/mainspring/integration/quickstart/shop"
	"github.com/mainspring-go/mainspring/integration/quickstart/story"
)

const (
	// codeInterrupted is what shells report of a program that Ctrl-C ended.
	codeInterrupted = 130
	// stopWithin bounds the stop of the worker.
	stopWithin = 10 * time.Second
)

func main() {
	s, err := settings.Parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	tale := story.New(os.Stdout, story.Colourful(os.Stdout, os.Getenv))
	err = run(ctx, s, tale)
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case interrupted && s.Serve && err == nil: // Ctrl-C is how serving ends.
	case interrupted:
		fmt.Fprintln(os.Stderr, "Stopped.")
		os.Exit(codeInterrupted)
	case err != nil:
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// run is the quickstart, from start to stop.
func run(ctx context.Context, s settings.Settings, tale *story.Story) (err error) {
	if s.Address == "" {
		server, startErr := embedded.Start(ctx, embedded.Options{Namespaces: []string{s.Namespace}})
		if startErr != nil {
			return startErr
		}
		defer func() { err = errors.Join(err, server.Stop()) }()
		s.Address = server.Address()
		tale.Tell("server", "a Temporal server runs at %s, in this process", s.Address)
	}
	c, err := client.DialContext(ctx, client.Options{
		HostPort: s.Address, Namespace: s.Namespace, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return fmt.Errorf("connect to %s: %w", s.Address, err)
	}
	defer c.Close()
	return serve(ctx, s, c, tale)
}

// serve runs the worker, and the plot beside it.
func serve(ctx context.Context, s settings.Settings, c client.Client, tale *story.Story) (err error) {
	tell := func(format string, args ...any) { tale.Tell("worker", format, args...) }
	w, err := worker.New(c, shop.TaskQueue, worker.Options{
		Namespace:  s.Namespace,
		Workflows:  []any{shop.Order},
		Activities: []any{&shop.Activities{Tell: tell}},
		// The story tells what there is to know, failures too.
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	if err := w.Start(ctx); err != nil {
		return err
	}
	defer func() {
		// The context of the run may be over; stopping has its own time.
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
		defer cancel()
		err = errors.Join(err, w.Shutdown(stopping))
	}()
	tale.Tell("worker", "a Mainspring worker polls %q in namespace %q", shop.TaskQueue, s.Namespace)
	if err := (shop.Plot{Client: c, Story: tale, Stats: w.Stats}).Run(ctx); err != nil {
		return err
	}
	if s.Serve {
		invitation, err := shop.Invitation(s.Address, s.Namespace)
		if err != nil {
			return err
		}
		tale.Say("\n%s", invitation)
		<-ctx.Done()
	}
	return nil
}
