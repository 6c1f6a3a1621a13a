package service_test

import (
	"strconv"
	"testing"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/mainspring-go/mainspring/testkit/service"
)

func completes() *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_CompleteWorkflowExecutionCommandAttributes{
			CompleteWorkflowExecutionCommandAttributes: &commandpb.CompleteWorkflowExecutionCommandAttributes{},
		},
	}
}

func schedules(id string) *commandpb.Command {
	c := anActivity()
	c.GetScheduleActivityTaskCommandAttributes().ActivityId = id
	return c
}

// TestAdviceToPollers says to polls whether there should be more of them, by how
// long they have waited and by what the queue is like.
func TestAdviceToPollers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		// idle is how long the poll waits before the task comes, old how long the
		// task waits before the poll comes, and more how many others wait with it.
		idle, old time.Duration
		more      int
		want      int32
	}{
		{name: "at once"},
		{name: "after a while", idle: time.Second - 1},
		{name: "after too long", idle: time.Second, want: -1},
		{name: "the backlog is young", old: 200 * time.Millisecond},
		{name: "the backlog is old", old: 200*time.Millisecond + 1, want: 1},
		{name: "two come for one that goes", old: time.Millisecond, more: 1, want: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in(t, service.Options{}, func(r rig) {
				begin := func() {
					for i := range c.more + 1 {
						r.start("w"+strconv.Itoa(i), "Work")
					}
				}
				if c.idle > 0 {
					time.AfterFunc(c.idle, begin)
				} else {
					begin()
					time.Sleep(c.old)
				}
				task := r.poll()
				if got := task.GetPollerScalingDecision().GetPollRequestDeltaSuggestion(); got != c.want {
					t.Errorf("the advice is %d, not %d", got, c.want)
				}
				if got := task.GetBacklogCountHint(); got != int64(c.more) {
					t.Errorf("%d tasks wait, not %d", got, c.more)
				}
				r.respond(task, completes())
				for range c.more {
					r.respond(r.poll(), completes())
				}
			})
		})
	}
}

// TestAdviceIsRare gives one poller no more advice to add polls than ten times in
// a second.
func TestAdviceIsRare(t *testing.T) {
	t.Parallel()
	in(t, service.Options{}, func(r rig) {
		const n = 25
		for i := range n {
			r.start("w"+strconv.Itoa(i), "Work")
		}
		time.Sleep(time.Second)
		advised := func(polls int) int {
			count := 0
			for range polls {
				task := r.poll()
				count += int(task.GetPollerScalingDecision().GetPollRequestDeltaSuggestion())
				r.respond(task, completes())
			}
			return count
		}
		if got := advised(15); got != 10 {
			t.Errorf("at once: advised %d times", got)
		}
		time.Sleep(300 * time.Millisecond)
		if got := advised(10); got != 3 {
			t.Errorf("later: advised %d times", got)
		}
	})
}

// TestRateLimitOfAnActivityQueue hands out what was not used for a second at once,
// and then a task each time that one is due, on every clock.
func TestRateLimitOfAnActivityQueue(t *testing.T) {
	t.Parallel()
	for _, clock := range []service.Time{service.TimePasses, service.TimeSkips} {
		t.Run(strconv.Itoa(int(clock)), func(t *testing.T) {
			t.Parallel()
			in(t, service.Options{Time: clock}, func(r rig) {
				e := r.start("w", "Work")
				task := r.poll()
				r.respond(task, schedules("1"), schedules("2"), schedules("3"), schedules("4"), schedules("5"))
				began := r.s.Now()
				var at []time.Duration
				for range 5 {
					a, err := r.c.PollActivityTaskQueue(r.t.Context(), &workflowservice.PollActivityTaskQueueRequest{
						Namespace: service.DefaultNamespace, TaskQueue: queue(),
						TaskQueueMetadata: &taskqueuepb.TaskQueueMetadata{MaxTasksPerSecond: wrapperspb.Double(2)},
					})
					if err != nil {
						r.t.Fatal(err)
					}
					at = append(at, r.s.Now().Sub(began).Round(time.Millisecond))
					_, err = r.c.RespondActivityTaskCompleted(r.t.Context(), &workflowservice.RespondActivityTaskCompletedRequest{
						Namespace: service.DefaultNamespace, TaskToken: a.GetTaskToken(),
					})
					if err != nil {
						r.t.Fatal(err)
					}
				}
				want := []time.Duration{0, 0, 0, 500 * time.Millisecond, time.Second}
				for i := range want {
					if at[i] != want[i] {
						t.Errorf("the tasks came at %v, not at %v", at, want)
						break
					}
				}
				r.respond(r.poll(), completes())
				_ = r.end(e)
			})
		})
	}
}
