package native_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/workflow"
)

// The numbers are those that the official Go SDK draws for this run id.
func TestRandomStreamsAreThoseOfTheSDK(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		r := workflow.GetRandomStream(ctx, "name")
		b := make([]byte, 5)
		n, err := r.Read(b)
		return fmt.Sprintf("%d %v %d %d", n, b, r.Uint64(), workflow.GetRandomStream(ctx, "name").Uint64()), err
	})
	l.Events[0].GetWorkflowExecutionStartedEventAttributes().OriginalExecutionRunId = "default-test-run-id"
	l.does(`CompleteWorkflow "5 [168 101 80 186 178] 2092362898149982890 8389804046678565077"`)
}

// draws sleeps for random times, so that its commands show what it drew.
func draws(ctx workflow.Context) error {
	r := rand.New(workflow.GetRandomStream(ctx, "naps"))
	other := workflow.GetRandomStream(ctx, "other")
	for {
		other.Uint64() // streams do not disturb each other
		if err := workflow.Sleep(ctx, time.Duration(1+r.IntN(1000))*time.Second); err != nil {
			return err
		}
	}
}

// nap runs a task and returns what timer it started, from a run that is kept or
// rebuilt.
func (l *live) nap(rebuilt bool) string {
	l.t.Helper()
	if rebuilt {
		l.evict()
	}
	a := l.task()
	timer := a.Commands[0].GetStartTimerCommandAttributes()
	l.FireTimer(timer.GetTimerId())
	return timer.GetStartToFireTimeout().AsDuration().String()
}

// A reset changes what is drawn after it, and nothing before.
func TestRandomStreamsAfterAReset(t *testing.T) {
	var all []string
	for _, rebuilt := range []bool{false, true} {
		var naps []string
		l := start(t, draws)
		for range 3 {
			naps = append(naps, l.nap(rebuilt))
		}
		l.Task()
		l.Reset("copy")
		for range 3 {
			naps = append(naps, l.nap(rebuilt))
		}
		all = append(all, strings.Join(naps, " "))
	}
	if all[0] != all[1] {
		t.Errorf("a run that was kept drew\n%s, and one that was rebuilt\n%s", all[0], all[1])
	}
	l := start(t, draws)
	var unreset []string
	for range 6 {
		unreset = append(unreset, l.nap(false))
	}
	before, after := strings.Join(unreset[:3], " "), strings.Join(unreset[3:], " ")
	if !strings.HasPrefix(all[0], before) || strings.HasSuffix(all[0], after) {
		t.Errorf("with a reset in the middle %s were drawn, without one %s %s", all[0], before, after)
	}
}
