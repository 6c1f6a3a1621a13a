package runnertest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

func unknownType(r *rig) error {
	_, err := r.runner.NewInstance(details("Nobody"))
	unknown, ok := errors.AsType[*runner.UnknownTypeError](err)
	switch {
	case !ok:
		return fmt.Errorf("NewInstance of an unknown type returned %v", err)
	case unknown.Type != "Nobody" || !slices.Contains(unknown.Known, Return):
		return fmt.Errorf("the error names %q and knows %q", unknown.Type, unknown.Known)
	}
	return nil
}

func badDefinition(r *rig) error {
	if err := r.runner.Prepare(runner.Definition{Type: "Nobody"}); err == nil {
		return errors.New("a type was prepared that the runner has no code for")
	}
	if !r.can.GoFunctions {
		return nil
	}
	if err := r.runner.Prepare(runner.Definition{Type: "Number", Func: 7}); err == nil {
		return errors.New("a number was prepared as a function")
	}
	return nil
}

func startComesFirst(r *rig) error {
	p, err := r.run(Signals)
	if err != nil {
		return err
	}
	return p.fails(p.next(signal("s", "early")))
}

func startComesOnce(r *rig) error {
	p, _, err := r.begin(Signals)
	if err != nil {
		return err
	}
	return p.fails(p.next(start(Signals)))
}

func resultCloses(r *rig) error {
	_, c, err := r.begin(Return, "hello")
	if err != nil {
		return err
	}
	got := returned[string](c)
	if !c.Closed || got != "hello" {
		return fmt.Errorf("closed: %t, with %s and result %q", c.Closed, words(c.Commands), got)
	}
	return made(c, "CompleteWorkflowExecution")
}

func errorCloses(r *rig) error {
	_, c, err := r.begin(Fail)
	if err != nil {
		return err
	}
	if err := made(c, "FailWorkflowExecution"); err != nil {
		return err
	}
	f := c.Commands[0].GetFailWorkflowExecutionCommandAttributes().GetFailure()
	if !c.Closed || f.GetMessage() != "broken" || f.GetApplicationFailureInfo().GetType() != "Broken" {
		return fmt.Errorf("closed: %t, with the failure %v", c.Closed, f)
	}
	return nil
}

func nextRunCloses(r *rig) error {
	_, c, err := r.begin(Again, "more")
	if err != nil {
		return err
	}
	if err := made(c, "ContinueAsNewWorkflowExecution"); err != nil {
		return err
	}
	a := c.Commands[0].GetContinueAsNewWorkflowExecutionCommandAttributes()
	if !c.Closed || a.GetWorkflowType().GetName() != Again || decoded[string](a.GetInput()) != "more" {
		return fmt.Errorf("closed: %t, with the next run %v", c.Closed, a)
	}
	return nil
}

func defect(r *rig) error {
	p, err := r.run(Crash)
	if err != nil {
		return err
	}
	return p.fails(p.next(start(Crash)))
}

func failedIsOver(r *rig) error {
	p, err := r.run(Signals)
	if err != nil {
		return err
	}
	if err := p.fails(p.next(signal("s", "early"))); err != nil {
		return err
	}
	return p.fails(p.next(start(Signals)))
}

func replayIsTheSame(r *rig) error {
	script := func(p *probe) (all []*commandpb.Command, flags []uint32, err error) {
		for _, items := range [][]runner.Item{
			{start(Activities, "x")}, {resolve(fmt.Sprint(p.started+13), "b")}, {resolve(fmt.Sprint(p.started+12), "a")},
		} {
			c, err := p.task(items...)
			if err != nil {
				return nil, nil, err
			}
			all, flags = append(all, c.Commands...), append(flags, c.Flags...)
		}
		return all, flags, nil
	}
	live, err := r.run(Activities)
	if err != nil {
		return err
	}
	before, flags, err := script(live)
	if err != nil {
		return err
	}
	again, err := r.run(Activities)
	if err != nil {
		return err
	}
	again.replaying, again.flags = true, flags
	after, _, err := script(again)
	if err != nil {
		return err
	}
	if !slices.EqualFunc(before, after, equal[*commandpb.Command]) {
		return fmt.Errorf("live the commands were\n%v\nand in replay\n%v", before, after)
	}
	return nil
}

func apart(r *rig) error {
	a, _, err := r.begin(Signals)
	if err != nil {
		return err
	}
	b, _, err := r.begin(Signals)
	if err != nil {
		return err
	}
	if _, err := a.task(signal("s", "a")); err != nil {
		return err
	}
	a.instance.Close()
	c, err := b.task(signal("s", "b1"), signal("s", "b2"))
	if err != nil {
		return err
	}
	return list(c, "b1", "b2")
}

// list checks that a run has returned these words.
func list(c *runner.Completion, want ...string) error {
	got := returned[[]string](c)
	if !slices.Equal(got, want) {
		return fmt.Errorf("it returned %q with %s, want %q", got, words(c.Commands), want)
	}
	return nil
}

func info(r *rig) error {
	_, c, err := r.begin(Info)
	if err != nil {
		return err
	}
	return list(c, "ns", "id", "run", Info, "queue")
}

func closeAgain(r *rig) error {
	p, _, err := r.begin(Signals)
	if err != nil {
		return err
	}
	p.instance.Close()
	p.instance.Close()
	if err := p.fails(p.next(signal("s", "late"))); err != nil {
		return fmt.Errorf("after Close: %w", err)
	}
	fresh, err := r.run(Signals)
	if err != nil {
		return err
	}
	fresh.instance.Close() // before anything has happened
	return nil
}

// closeBlocked leaves it to the bubble to find goroutines that are left.
func closeBlocked(r *rig) error {
	for range 10 {
		p, _, err := r.begin(Cleanup)
		if err != nil {
			return err
		}
		began := time.Now()
		p.instance.Close()
		if took := time.Since(began); took > time.Minute {
			return fmt.Errorf("a run that waits was closed after %v", took)
		}
	}
	return nil
}

func inputUnchanged(r *rig) error {
	p, err := r.run(Sum)
	if err != nil {
		return err
	}
	for _, items := range [][]runner.Item{
		{start(Sum)}, {update("u", 1)}, {signal("other", "x")}, {signal("end", "x")},
	} {
		var before []proto.Message
		messages := messagesOf(items)
		for _, m := range messages {
			before = append(before, proto.Clone(m))
		}
		if _, err := p.task(items...); err != nil {
			return err
		}
		for i, m := range messages {
			if !proto.Equal(m, before[i]) {
				return fmt.Errorf("a message that was handed over became %v, from %v", m, before[i])
			}
		}
	}
	return nil
}

// messagesOf are the messages that items hold.
func messagesOf(items []runner.Item) (all []proto.Message) {
	for _, i := range items {
		switch {
		case i.Start != nil:
			all = append(all, i.Start.Attributes)
		case i.Update != nil:
			all = append(all, i.Update.Request)
		case i.Signal != nil:
			all = append(all, i.Signal.Input)
		}
	}
	return all
}

func outputUnchanged(r *rig) error {
	p, c, err := r.begin(Activities, "x")
	if err != nil {
		return err
	}
	var before []proto.Message
	for _, cmd := range c.Commands {
		before = append(before, proto.Clone(cmd))
	}
	for _, id := range []string{"12", "13"} {
		if _, err := p.task(resolve(id, "done")); err != nil {
			return err
		}
	}
	p.instance.Close()
	for i, cmd := range c.Commands {
		if !proto.Equal(cmd, before[i]) {
			return fmt.Errorf("a command that was given out became %v, from %v", cmd, before[i])
		}
	}
	return nil
}

func concurrent(r *rig) error {
	const many = 30
	errs := make(chan error, many)
	var wg sync.WaitGroup
	for n := range many {
		wg.Go(func() {
			if err := r.runner.Prepare(Workflows()[0]); err != nil && r.can.GoFunctions {
				errs <- err
				return
			}
			i, err := r.runner.NewInstance(details(Return))
			if err != nil {
				errs <- err
				return
			}
			defer i.Close()
			p := &probe{rig: r, instance: i, now: epoch()}
			c, err := p.task(start(Return, fmt.Sprint(n)))
			if err == nil {
				if got := returned[string](c); got != fmt.Sprint(n) {
					err = fmt.Errorf("run %d returned %q", n, got)
				}
			}
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
