package worker_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/worker"
)

// BeatAndFail leaves details that the throttle holds back.
func BeatAndFail(ctx context.Context) error {
	activity.RecordHeartbeat(ctx, "begun")
	activity.RecordHeartbeat(ctx, "half way")
	return errors.New("stuck")
}

func TestLastDetailsGoWithTheFailureWhereTheServerTakesThem(t *testing.T) {
	for name, system := range map[string]*workflowservice.GetSystemInfoResponse_Capabilities{
		"it takes them":      {ActivityFailureIncludeHeartbeat: true},
		"it does not":        {},
		"it does not answer": nil,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFrontend(t)
				f.system = system
				w := f.start(t, worker.Options{Activities: []any{BeatAndFail}})
				f.activityTasks <- activityTask("BeatAndFail", 1)
				pass(time.Second)
				failed := only[*workflowservice.RespondActivityTaskFailedRequest](t, f)
				beats, _ := arrivals[*workflowservice.RecordActivityTaskHeartbeatRequest](f)
				carried := failed.GetLastHeartbeatDetails() != nil
				if takes := system.GetActivityFailureIncludeHeartbeat(); carried != takes || (len(beats) == 1) != takes {
					t.Errorf("the report carries details: %v; %d heartbeats", carried, len(beats))
				}
				stop(t, w)
			})
		})
	}
}
