package executortest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
)

// The clauses on how many calls run at once, and on what breaks.

func (r *rig) capacityIsTold(ctx context.Context) error {
	want := capacity
	if r.can.Unlimited {
		want = 0
	}
	if got := r.Capacity(); got != want {
		return fmt.Errorf("the Capacity is %d, want %d", got, want)
	}
	if _, err := r.holdAll(ctx); err != nil {
		return err
	}
	if got := r.Capacity(); got != want {
		return fmt.Errorf("the Capacity is %d while calls run, want %d: it is not what is free", got, want)
	}
	return nil
}

func (r *rig) manyAtOnce(ctx context.Context) error {
	if err := r.everyPlace(ctx); err != nil {
		return err
	}
	return r.everyPlace(ctx) // the places come back
}

func (r *rig) callsKeepApart(ctx context.Context) error {
	var all []*call
	for i := range 20 * capacity {
		c, err := r.newCall(ctx, "Echo", fmt.Sprint("word ", i))
		if err != nil {
			return err
		}
		all = append(all, c)
	}
	for _, c := range all {
		c.execute()
	}
	for i, c := range all {
		if err := r.over(c); err != nil {
			return err
		}
		got, err := value[string](c)
		if want := fmt.Sprint("word ", i); err != nil || got != want {
			return fmt.Errorf("call %d got %q, %v", i, got, err)
		}
	}
	return nil
}

func (r *rig) capacityIsHard(ctx context.Context) error {
	all, err := r.holdAll(ctx)
	if err != nil {
		return err
	}
	next, err := r.start(ctx, "Hold")
	if err != nil {
		return err
	}
	if next.began() {
		return fmt.Errorf("%d calls run at once, Capacity is %d", capacity+1, capacity)
	}
	all[1].release()
	if !r.until(next.began) {
		return errors.New("a call that waits does not begin when a place is free")
	}
	return nil
}

func (r *rig) isFIFO(ctx context.Context) error {
	running, err := r.holdAll(ctx)
	if err != nil {
		return err
	}
	var waiting []*call
	for range 4 {
		c, err := r.start(ctx, "Hold")
		if err != nil {
			return err
		}
		waiting = append(waiting, c)
	}
	for i, next := range waiting {
		running[i%capacity].release()
		if err := r.over(running[i%capacity]); err != nil {
			return err
		}
		running[i%capacity] = next
		r.until(next.began)
		r.settle()
		for j, c := range waiting {
			if c.began() != (j <= i) {
				return fmt.Errorf("when %d places had become free, the waiting call %d: began %v", i+1, j+1, c.began())
			}
		}
	}
	return nil
}

func (r *rig) waitObeysContext(ctx context.Context) error {
	if _, err := r.holdAll(ctx); err != nil {
		return err
	}
	next, err := r.start(ctx, "Hold")
	if err != nil {
		return err
	}
	if next.returned() {
		return fmt.Errorf("a call for which there is no place returned %w: it should wait", next.err)
	}
	at := time.Now()
	next.cancel(activity.ErrWorkerShutdown)
	if err := r.over(next); err != nil {
		return fmt.Errorf("a call waits on although its ctx has ended: %w", err)
	}
	if took := time.Since(at); !r.can.Remote && took > 0 {
		return fmt.Errorf("a call gave up %v after its ctx had ended", took)
	}
	if !errors.Is(next.err, activity.ErrWorkerShutdown) {
		return fmt.Errorf("got %v, want ctx's cause, %v", next.err, activity.ErrWorkerShutdown)
	}
	return nil
}

func (r *rig) gaveUp(ctx context.Context) error {
	running, err := r.holdAll(ctx)
	if err != nil {
		return err
	}
	next, err := r.start(ctx, "Hold")
	if err != nil {
		return err
	}
	next.cancel(context.Canceled)
	if err := r.over(next); err != nil {
		return err
	}
	for _, c := range running {
		c.release()
		if err := r.over(c); err != nil {
			return err
		}
	}
	if err := r.everyPlace(ctx); err != nil {
		return fmt.Errorf("after a call gave up: %w", err)
	}
	if next.began() || len(next.late) > 0 {
		return errors.New("a call that gave up was run")
	}
	return nil
}

func (r *rig) panicIsAnError(ctx context.Context) error {
	for range capacity + 1 {
		c, err := r.run(ctx, "Panic")
		if err != nil {
			return err
		}
		p, ok := errors.AsType[*temporal.PanicError](c.err)
		switch {
		case !ok:
			return fmt.Errorf("got %v, want a *temporal.PanicError", c.err)
		case p.Error() != "the suite panics":
			return fmt.Errorf("the panic says %q", p.Error())
		case !strings.Contains(p.StackTrace(), "acts).Panic"):
			return fmt.Errorf("the stack does not show the activity: %q", p.StackTrace())
		}
	}
	if err := r.everyPlace(ctx); err != nil {
		return fmt.Errorf("after panics: %w", err)
	}
	return nil
}

func (r *rig) goexitCostsNoPlace(ctx context.Context) error {
	for range capacity + 1 {
		if _, err := r.run(ctx, "Exit"); err != nil {
			return err
		}
	}
	if err := r.everyPlace(ctx); err != nil {
		return fmt.Errorf("after activities that ended their goroutines: %w", err)
	}
	return nil
}

func (r *rig) goexitIsAnError(ctx context.Context) error {
	c, err := r.run(ctx, "Exit")
	if err == nil && (c.err == nil || errors.Is(c.err, errNotReturned)) {
		err = fmt.Errorf("got %v, %v, want an error that says so", c.result, c.err)
	}
	return err
}

func (r *rig) nothingBlocks(ctx context.Context) error {
	if _, err := r.holdAll(ctx); err != nil {
		return err
	}
	if !r.can.Unlimited {
		if _, err := r.start(ctx, "Hold"); err != nil {
			return err
		}
	}
	answered, health := make(chan struct{}), errors.New("nobody asked for Health")
	go func() {
		defer close(answered)
		r.Capacity()
		health = r.Health()
	}()
	r.settle()
	select {
	case <-answered:
	default:
		r.close() // so that it comes to an end
		return errors.New("one of Capacity and Health waits for calls that run")
	}
	if health != nil {
		return fmt.Errorf("a healthy executor says %w", health)
	}
	return nil
}

// broken breaks the executor, and returns when that is known.
func (r *rig) broken() error {
	go r.can.Break(r.Executor)
	if !r.until(func() bool { return r.Health() != nil }) {
		return errors.New("the Health is nil although the executor is broken")
	}
	return nil
}

func (r *rig) brokenIsTold(ctx context.Context) error {
	if err := r.Health(); err != nil {
		return fmt.Errorf("the Health of a new executor: %w", err)
	}
	if _, err := r.run(ctx, "Nothing"); err != nil {
		return err
	}
	if err := r.broken(); err != nil {
		return err
	}
	for range 3 {
		r.settle()
		if !r.can.Remote {
			time.Sleep(time.Hour)
		}
		if r.Health() == nil {
			return errors.New("the Health is nil again: it must be an error for good")
		}
	}
	return nil
}

func (r *rig) brokenRunsNothing(ctx context.Context) error {
	if err := r.broken(); err != nil {
		return err
	}
	c, err := r.run(ctx, "Beat", []string{began})
	if err != nil {
		return err
	}
	if c.err == nil || c.began() {
		return fmt.Errorf("a broken executor ran a call, which returned %v", c.err)
	}
	return nil
}

func (r *rig) breakLeavesNobody(ctx context.Context) error {
	running, err := r.holdAll(ctx)
	if err != nil {
		return err
	}
	var waiting *call
	if !r.can.Unlimited {
		if waiting, err = r.start(ctx, "Hold"); err != nil {
			return err
		}
	}
	if err := r.broken(); err != nil {
		return err
	}
	if waiting != nil {
		if err := r.over(waiting); err != nil {
			return fmt.Errorf("a call that waited when the executor broke: %w", err)
		}
		if waiting.err == nil || waiting.began() {
			return fmt.Errorf("a call that waited when the executor broke was run: %v", waiting.err)
		}
	}
	for _, c := range running {
		c.release()
		if err := r.over(c); err != nil {
			return fmt.Errorf("a call that ran when the executor broke: %w", err)
		}
	}
	return nil
}

func (s suite) nothingIsLeft(ctx context.Context, mk New) error {
	before := inBubble()
	r, err := s.rig(mk)
	if err == nil {
		err = r.everyPlace(ctx)
	}
	r.close()
	if err != nil {
		return err
	}
	if after := inBubble(); after > before {
		return fmt.Errorf("%d goroutines are left", after-before)
	}
	return nil
}

// inBubble counts the goroutines of the synctest bubble.
func inBubble() int {
	buf := make([]byte, 1<<20)
	all := buf[:runtime.Stack(buf, true)]
	first, _, _ := bytes.Cut(all, []byte("\n")) // of this goroutine
	_, bubble, ok := bytes.Cut(first, []byte("synctest bubble "))
	if !ok {
		return 0
	}
	number, _, _ := bytes.Cut(bubble, []byte("]"))
	number, _, _ = bytes.Cut(number, []byte(","))
	n := 0
	for line := range bytes.Lines(all) {
		rest, ok := bytes.CutPrefix(line, []byte("goroutine "))
		if !ok {
			continue
		}
		_, of, _ := bytes.Cut(rest, []byte("synctest bubble "))
		if bytes.HasPrefix(of, append(bytes.Clone(number), ']')) || bytes.HasPrefix(of, append(bytes.Clone(number), ',')) {
			n++
		}
	}
	return n
}
