package native_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	deploymentpb "go.temporal.io/api/deployment/v1"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/native"
)

// What info says at a task it says again in replay, whatever worker replays.
func TestInfoOfTheCurrentTask(t *testing.T) {
	wf := func(ctx workflow.Context) ([]string, error) {
		info := workflow.GetInfo(ctx)
		var seen []string
		see := func() {
			seen = append(seen, fmt.Sprint(info.GetCurrentBuildID(), ", sum ", info.GetBinaryChecksum(), " ",
				info.GetTargetWorkerDeploymentVersionChanged(), " ", info.GetCurrentHistoryLength()))
		}
		err := workflow.SetQueryHandler(ctx, "seen", func() ([]string, error) {
			return append(seen, info.GetCurrentBuildID()), nil
		})
		for see(); workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil); see() {
			if len(seen) == 4 {
				return seen, err
			}
		}
		return nil, err
	}
	l := startWith(t, native.Options{BuildID: "own"}, wf)
	l.does()
	completed := l.Events[len(l.Events)-1].GetWorkflowTaskCompletedEventAttributes()
	completed.DeploymentVersion = &deploymentpb.WorkerDeploymentVersion{BuildId: "own"}
	l.Signal("s")
	l.Task()
	l.Events[len(l.Events)-1].GetWorkflowTaskStartedEventAttributes().TargetWorkerDeploymentVersionChanged = true
	a, err := l.Sticky(l.History)
	if err != nil {
		t.Fatal(err)
	}
	l.Complete(a)
	// The second task was another worker's, of a time when its build stood elsewhere.
	completed = l.Events[len(l.Events)-1].GetWorkflowTaskCompletedEventAttributes()
	completed.WorkerDeploymentVersion = "orders.other.1" //nolint:staticcheck // the place that it had
	completed.BinaryChecksum = "sum1"                    //nolint:staticcheck // old histories have it
	l.Signal("s")
	l.evict()
	l.does()
	want := []string{"own, sum own false 3", "other.1, sum sum1 true 7", "own, sum own false 11", "own"}
	got := decode[[]string](t, l.ask("seen").Result)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("seen by a run that was rebuilt (-want +got):\n%s", diff)
	}
}
