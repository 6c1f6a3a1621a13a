package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/mainspring-go/mainspring/poller"
	"github.com/mainspring-go/mainspring/ratelimit"
	"github.com/mainspring-go/mainspring/shutdown"
	"github.com/mainspring-go/mainspring/slots"
)

func main() {
	dir := flag.String("dir", "jobs", "the directory to watch")
	atOnce := flag.Int("n", 4, "how many jobs run at a time")
	rate := flag.Float64("rate", 10, "how many jobs begin in a second")
	grace := flag.Duration("grace", time.Minute, "how long jobs may go on after Ctrl-C")
	flag.Parse()
	ctx, cancel := context.WithCancelCause(context.Background())
	hurry, hurryUp := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt)
	go func() {
		cancel(fmt.Errorf("signal: %v", <-signals))
		hurryUp(fmt.Errorf("second signal: %v", <-signals))
	}()
	report, err := run(ctx, hurry, inbox(*dir), *atOnce, *rate, *grace)
	fmt.Fprintln(os.Stderr, report)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run does jobs until ctx ends, and says how it stopped. When hurry ends, they get no more time.
func run(
	ctx, hurry context.Context, in inbox, atOnce int, rate float64, grace time.Duration,
) (shutdown.Report, error) {
	supply, err1 := slots.NewFixed(slots.FixedOptions{Limit: atOnce})
	limiter, err2 := ratelimit.NewBucket(ratelimit.Options{PerSecond: rate})
	stop, err3 := shutdown.New(shutdown.Options{}, shutdown.Stage{Name: "take no more"},
		shutdown.Stage{Name: "finish", Timeout: grace},
		shutdown.Stage{Name: "cancel", Timeout: 5 * time.Second})
	jobs, cancelJobs := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelJobs()
	p, err4 := poller.New(poller.Options[string, ticket]{
		Source: in,
		Scaler: poller.Fixed(1), // a look into the directory takes no time
		Admit: poller.AdmissionFunc[ticket](func(ctx context.Context) (t ticket, err error) {
			if t.slot, err = supply.Reserve(ctx, slots.Request{Kind: "job"}); err == nil {
				t.token, err = limiter.Reserve(ctx)
			}
			if err != nil {
				t.Return()
			}
			return t, err
		}),
		Handle: func(_ context.Context, name string, t ticket) {
			defer t.slot.Release()
			in.do(jobs, name)
		},
		Classify: func(error) poller.Class { return poller.Fatal }, // once it has lasted a minute
	})
	if err := errors.Join(err1, err2, err3, err4, os.MkdirAll(in.path("taken"), 0o755),
		os.MkdirAll(in.path("done"), 0o755), os.MkdirAll(in.path("failed"), 0o755)); err != nil {
		return shutdown.Report{}, err
	}
	err := errors.Join(
		stop.Add("take no more", "poller", func(context.Context) error {
			p.Stop(poller.Interrupt)
			return nil
		}),
		stop.Add("finish", "jobs", p.Wait),
		stop.Add("cancel", "jobs", func(ctx context.Context) error {
			cancelJobs()
			return p.Wait(ctx)
		}))
	go func() { stop.Fatal(p.Run(context.WithoutCancel(ctx))) }()
	select {
	case <-ctx.Done():
	case <-stop.Triggered():
		err = errors.Join(err, stop.Cause())
	}
	_, _ = stop.Shutdown(hurry, context.Cause(ctx))
	<-stop.Done()
	report, _ := stop.Report()
	return report, errors.Join(err, report.Err())
}

// A ticket is held before a job is looked for: a slot to run it in, and a token to begin it.
type ticket struct {
	slot  slots.Permit
	token ratelimit.Token
}

func (t ticket) Spend()  { t.token.Spend() }
func (t ticket) Return() { t.token.Refund(); t.slot.Release() }

// An inbox is a directory of job files, and a [poller.Source] of their names.
type inbox string

func (in inbox) path(e ...string) string { return filepath.Join(string(in), filepath.Join(e...)) }

// Poll takes a file. Whoever makes the directory taken/<name> has it, and nobody else.
func (in inbox) Poll(context.Context) (string, poller.Feedback, error) {
	files, err := os.ReadDir(in.path())
	for _, f := range files {
		name, claim := f.Name(), in.path("taken", f.Name())
		if !f.Type().IsRegular() || strings.HasPrefix(name, ".") {
			continue
		}
		if err := os.Mkdir(claim, 0o755); errors.Is(err, fs.ErrExist) {
			continue // somebody has it
		} else if err != nil {
			return "", poller.Feedback{}, err
		}
		if err := os.Rename(in.path(name), filepath.Join(claim, name)); err == nil {
			return name, poller.Feedback{}, nil
		} else if err = errors.Join(os.Remove(claim), err); !errors.Is(err, fs.ErrNotExist) {
			return "", poller.Feedback{}, err
		} // else somebody was faster, and is done with it
	}
	return "", poller.Feedback{Empty: true}, err
}

// do does a job, which takes as long as its file says, and moves the file to where it belongs.
func (in inbox) do(ctx context.Context, name string) {
	file, where := in.path("taken", name, name), "done"
	text, err := os.ReadFile(file)
	d, bad := time.ParseDuration(strings.TrimSpace(string(text)))
	if err = errors.Join(err, bad); err != nil {
		where = "failed"
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
		where = "" // for another time
	}
	err = errors.Join(err, os.Rename(file, in.path(where, name)), os.Remove(in.path("taken", name)))
	slog.LogAttrs(ctx, slog.LevelInfo, "job", slog.String("name", name), slog.String("to", where), slog.Any("error", err))
}
