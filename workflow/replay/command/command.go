package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/replay"
)

// Exit codes.
const (
	Same        = 0
	Differs     = 1
	NotReplayed = 2
)

// Options of the program.
type Options struct {
	// Workflows are registered under their own names.
	Workflows []any
	// Register registers others, such as those with names of their own; may be nil.
	Register func(*replay.WorkflowReplayer) error
	// Replayer are the options of the replayer.
	Replayer replay.WorkflowReplayerOptions
	// Dial connects to a server. Nil leaves out the flags that need one.
	Dial func(address, namespace string) (Connection, error)
}

// A Connection is a server that can list the runs it has.
type Connection interface {
	replay.Service
	// Query are the runs that a list filter finds.
	Query(ctx context.Context, namespace, query string) iter.Seq[replay.Source]
	// Close ends the connection.
	Close() error
}

// Run is the program: it takes the arguments without its name and returns the
// exit code. Canceling ctx interrupts it.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer, o Options) int {
	a, err := parse(args, stderr, o.Dial != nil)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return Same
	case err != nil:
		return NotReplayed // the flags have said why
	}
	r, err := o.replayer()
	if err != nil {
		fmt.Fprintln(stderr, err)
		return NotReplayed
	}
	sources, done, err := a.sources(ctx, o.Dial)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return NotReplayed
	}
	defer done()
	p := &printer{stdout: stdout, stderr: stderr, all: a.verbose, last: time.Now()}
	report, err := r.ReplayAll(ctx, sources, replay.AllOptions{Parallel: a.parallel, Progress: p.progress})
	if err != nil {
		fmt.Fprintln(stderr, err)
	}
	fmt.Fprintln(stdout, report.Summary())
	switch {
	case report.Count(replay.Differs) > 0:
		return Differs
	case err != nil || report.Count(replay.NotReplayed) > 0:
		return NotReplayed
	case len(report.Results) == 0:
		fmt.Fprintln(stderr, "there was nothing to replay")
		return NotReplayed
	}
	return Same
}

func (o Options) replayer() (*replay.WorkflowReplayer, error) {
	r, err := replay.NewWorkflowReplayerWithOptions(o.Replayer)
	if err != nil {
		return nil, err
	}
	for _, w := range o.Workflows {
		if err := r.RegisterWorkflow(w); err != nil {
			return nil, err
		}
	}
	if o.Register != nil {
		if err := o.Register(r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// arguments of the program.
type arguments struct {
	paths                              []string
	address, namespace, query, id, run string
	parallel                           int
	verbose                            bool
}

const usage = `Replays workflow histories on the workflows of this program and says what differs.

usage: %s [flags] [file or directory ...]

A file is a history in JSON, as "temporal workflow show --output json" writes it;
of a directory all files that end in .json are.
The exit code is 0 if all are the same, 1 if some differ, 2 if something could not
be replayed or the arguments are wrong.

`

func parse(args []string, stderr io.Writer, dials bool) (arguments, error) {
	var a arguments
	f := flag.NewFlagSet("replay", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprintf(stderr, usage, f.Name())
		f.PrintDefaults()
	}
	f.IntVar(&a.parallel, "parallel", 0, "how many `histories` to replay at once (default: one for each processor)")
	f.BoolVar(&a.verbose, "v", false, "name the histories that are the same, too")
	if dials {
		f.StringVar(&a.address, "address", "", "`host:port` of a server to fetch histories from")
		f.StringVar(&a.namespace, "namespace", "default", "`name` of the namespace there")
		f.StringVar(&a.query, "query", "", "list `filter` of the workflows to fetch, such as ExecutionStatus=\"Running\"")
		f.StringVar(&a.id, "workflow-id", "", "`id` of the one workflow to fetch")
		f.StringVar(&a.run, "run-id", "", "`id` of its run (default: the latest)")
	}
	if err := f.Parse(args); err != nil {
		return a, err
	}
	a.paths = f.Args()
	if err := a.check(); err != nil {
		fmt.Fprintf(stderr, "%v\n\n", err)
		f.Usage()
		return a, err
	}
	return a, nil
}

func (a arguments) check() error {
	asked := a.query != "" || a.id != ""
	switch {
	case a.parallel < 0:
		return fmt.Errorf("-parallel is %d: use a positive number", a.parallel)
	case a.address == "" && (asked || a.run != ""):
		return errors.New("-query, -workflow-id and -run-id need -address")
	case a.address != "" && !asked:
		return errors.New("-address needs -query or -workflow-id")
	case a.run != "" && a.id == "":
		return errors.New("-run-id needs -workflow-id")
	case a.address == "" && len(a.paths) == 0:
		return errors.New("name a file or a directory of histories, or a server that has some")
	}
	return nil
}

// sources of what the arguments name, and what to call when they are done with.
func (a arguments) sources(
	ctx context.Context, dial func(address, namespace string) (Connection, error),
) (iter.Seq[replay.Source], func(), error) {
	if a.address == "" {
		return replay.Files(a.paths...), func() {}, nil
	}
	c, err := dial(a.address, a.namespace)
	if err != nil {
		return nil, nil, err
	}
	return func(yield func(replay.Source) bool) {
		for s := range replay.Files(a.paths...) {
			if !yield(s) {
				return
			}
		}
		if a.id != "" {
			e := workflow.Execution{ID: a.id, RunID: a.run}
			if !yield(replay.FromService(c, a.namespace, e)) {
				return
			}
		}
		if a.query == "" {
			return
		}
		for s := range c.Query(ctx, a.namespace, a.query) {
			if !yield(s) {
				return
			}
		}
	}, func() { _ = c.Close() }, nil // it was only read from
}

// A printer shows how far it is.
type printer struct {
	stdout, stderr io.Writer
	all            bool
	last           time.Time
}

func (p *printer) progress(now replay.Progress) {
	if p.all || now.Result.Outcome != replay.Same {
		fmt.Fprintln(p.stdout, now.Result)
	}
	if time.Since(p.last) >= time.Second {
		p.last = time.Now()
		fmt.Fprintf(p.stderr, "%d replayed so far\n", now.Done)
	}
}
