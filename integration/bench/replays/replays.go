package replays

import (
	"fmt"
	"log/slog"

	historypb "go.temporal.io/api/history/v1"
	sdkworker "go.temporal.io/sdk/worker"
	sdkworkflow "go.temporal.io/sdk/workflow"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/replay"
)

// A Replay is a workflow and a history of it.
type Replay struct {
	// Name says what it is about: its Group and, if it is one of several there, its Size.
	Name, Group, Size string
	// Unit is what is counted in it, and Units how many there are.
	Unit  string
	Units int
	// Budget is the CPU time that a unit may take of us, in microseconds.
	Budget float64
	// Theirs is what the Go SDK took on the machine for which that was said.
	Theirs float64

	typ       string
	ours, sdk any // the workflow function
	arg       int
	history   func(arg int) *historypb.History
	want      int
}

// All are the replays, events being about as many as their names say.
func All() []Replay {
	const handOvers = 20_000
	all := []Replay{{
		Name: "hand-over between two coroutines", Group: "hand-over between two coroutines", Unit: "hand-over", Units: handOvers, Budget: 0.3, Theirs: 5.3,
		typ: "pingPong", ours: pingPong, sdk: sdkPingPong, arg: handOvers, history: handOverHistory,
		want: handOvers / 2,
	}}
	for _, size := range []struct {
		events               int
		sequential, parallel float64 // Theirs
	}{{1000, 8.9, 6.5}, {10_000, 12.2, 4.5}, {50_000, 30, 7}} {
		events := size.events
		n := events / 6
		all = append(all, Replay{
			Name:  fmt.Sprintf("replay of %d events, sequential activities", events),
			Group: "replay of sequential activities", Size: fmt.Sprintf("%d events", events), Unit: "event", Units: 6*n + 5,
			Budget: 2.5, Theirs: size.sequential, typ: "sequential", ours: sequential, sdk: sdkSequential, arg: n,
			history: sequentialHistory, want: n,
		})
		n = events / 3
		all = append(all, Replay{
			Name:  fmt.Sprintf("replay of %d events, parallel activities", events),
			Group: "replay of parallel activities", Size: fmt.Sprintf("%d events", events), Unit: "event", Units: 3*n + 8,
			Budget: 2, Theirs: size.parallel, typ: "parallel", ours: parallel, sdk: sdkParallel, arg: n,
			history: parallelHistory, want: n,
		})
	}
	return all
}

// Named returns the replay of a name.
func Named(name string) (Replay, error) {
	for _, r := range All() {
		if r.Name == name {
			return r, nil
		}
	}
	return Replay{}, fmt.Errorf("there is no replay %q", name)
}

// Do replays the history once.
type Do func() error

// Ours is how Mainspring replays.
func (r Replay) Ours() Do {
	h := r.history(r.arg)
	return func() error {
		player := replay.NewWorkflowReplayer()
		err := player.RegisterWorkflowWithOptions(r.ours, workflow.RegisterOptions{Name: r.typ})
		if err == nil {
			err = player.ReplayWorkflowHistory(nil, h)
		}
		if err != nil {
			return err
		}
		return r.check("", player)
	}
}

// SDK is how the Go SDK replays.
func (r Replay) SDK() Do {
	h := r.history(r.arg)
	quiet := slog.New(slog.DiscardHandler)
	return func() error {
		player := sdkworker.NewWorkflowReplayer()
		player.RegisterWorkflowWithOptions(r.sdk, sdkworkflow.RegisterOptions{Name: r.typ})
		if err := player.ReplayWorkflowHistory(quiet, h); err != nil {
			return err
		}
		return r.check("ReplayId", player)
	}
}

// teller is what both replayers are; the SDK's interface does not say so.
type teller interface {
	GetWorkflowResult(workflowID string, valuePtr any) error
}

func (r Replay) check(workflowID string, player any) error {
	tells, ok := player.(teller)
	if !ok {
		return fmt.Errorf("%T does not tell results", player)
	}
	var got int
	if err := tells.GetWorkflowResult(workflowID, &got); err != nil {
		return err
	}
	if got != r.want {
		return fmt.Errorf("%s: the workflow returned %d, want %d", r.Name, got, r.want)
	}
	return nil
}
