package native_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	protocolpb "go.temporal.io/api/protocol/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	updatepb "go.temporal.io/api/update/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/machine"
)

// answers says in a few words what messages tell the server.
func answers(t *testing.T, messages []*protocolpb.Message) string {
	t.Helper()
	lines := make([]string, 0, len(messages))
	for _, m := range messages {
		body, err := m.GetBody().UnmarshalNew()
		if err != nil {
			t.Fatal(err)
		}
		line := m.GetId()
		switch b := body.(type) {
		case *updatepb.Acceptance:
			line += fmt.Sprintf(" of %s at %d", b.GetAcceptedRequestMessageId(), b.GetAcceptedRequestSequencingEventId())
		case *updatepb.Rejection:
			line += " " + b.GetFailure().GetMessage()
		case *updatepb.Response:
			if f := b.GetOutcome().GetFailure(); f != nil {
				line += " failed: " + f.GetMessage()
			} else {
				line += " " + strings.Join(
					converter.GetDefaultDataConverter().ToStrings(b.GetOutcome().GetSuccess()), " ")
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func checkMessages(t *testing.T, a machine.Answer, want ...string) {
	t.Helper()
	if diff := cmp.Diff(strings.Join(want, "\n"), answers(t, a.Messages)); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

// A register has a handler that adds and one that waits, and ends at a signal.
func register(validated *int) func(workflow.Context) (int, error) {
	return func(ctx workflow.Context) (int, error) {
		sum := 0
		validate := func(ctx workflow.Context, n int) error {
			*validated++
			if n < 0 {
				return temporal.NewApplicationError("too small", "Small")
			}
			if n > 100 {
				panic("too big")
			}
			return nil
		}
		err := workflow.SetUpdateHandlerWithOptions(ctx, "add", func(_ workflow.Context, n int) (int, error) {
			sum += n
			return sum, nil
		}, workflow.UpdateHandlerOptions{Validator: validate})
		if err != nil {
			return 0, err
		}
		err = workflow.SetUpdateHandler(ctx, "slow", func(ctx workflow.Context) (string, error) {
			if err := workflow.ExecuteActivity(options(ctx), "a").Get(ctx, nil); err != nil {
				return "", errors.New("no luck")
			}
			info := workflow.GetCurrentUpdateInfo(ctx)
			return info.ID + " " + info.Name, nil
		})
		if err != nil {
			return 0, err
		}
		workflow.GetSignalChannel(ctx, "end").Receive(ctx, nil)
		return sum, workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
	}
}

func TestUpdates(t *testing.T) {
	validated := 0
	l := start(t, register(&validated))
	l.does()
	update := func(messages ...*protocolpb.Message) machine.Answer { return l.task(with(messages...)) }

	a := update(l.Update("u1", "add", 5))
	checkMessages(t, a, "u1/accept of u1/request at 5", "u1/complete 5")
	checkCommands(t, a.Commands, "ProtocolMessage u1/accept", "ProtocolMessage u1/complete")

	a = update(l.Update("u2", "add", -1), l.Update("u3", "nope"), l.Update("u4", "add", "x"), l.Update("u5", "add", 101))
	if len(a.Commands) != 0 {
		t.Errorf("rejected updates made commands:\n%s", histories.Describe(a.Commands))
	}
	got := strings.Split(answers(t, a.Messages), "\n")
	for i, want := range []string{
		"u2/reject too small", "u3/reject unknown update nope. KnownUpdates=[add slow]",
		`u4/reject unable to decode the input for update "add": `, "u5/reject update validator panic: too big",
	} {
		if i >= len(got) || !strings.HasPrefix(got[i], want) {
			t.Errorf("message %d: got %q, want %q", i, got, want)
		}
	}

	a = update(l.Update("u6", "slow"), l.Update("u7", "add", 1))
	// The ids count the messages' commands.
	checkCommands(t, a.Commands, "ProtocolMessage u6/accept", "ScheduleActivity 17 a",
		"ProtocolMessage u7/accept", "ProtocolMessage u7/complete")
	l.Signal("end")
	l.does()
	l.CompleteActivity("17")
	a = l.does("ProtocolMessage u6/complete", "CompleteWorkflow 6")
	checkMessages(t, a, `u6/complete "u6 slow"`)

	if validated != 4 {
		t.Errorf("live code validated %d times, want 4", validated)
	}
	l.replay()
	if validated != 4 {
		t.Errorf("the validator was called %d times in replay", validated-4)
	}
}

func TestUpdatesBeforeTheirHandler(t *testing.T) {
	for _, tt := range []struct {
		name string
		wf   func(workflow.Context) (string, error)
		want []string
	}{
		{
			"handler set at once: the update runs before the workflow goes on",
			func(ctx workflow.Context) (string, error) {
				log := "root"
				err := workflow.SetUpdateHandler(ctx, "u", func(workflow.Context) error {
					log += ", update"
					return nil
				})
				return log + ", root", err
			},
			[]string{"ProtocolMessage id/accept", "ProtocolMessage id/complete", `CompleteWorkflow "root, update, root"`},
		},
		{
			"another handler first: the update waits for its own",
			func(ctx workflow.Context) (string, error) {
				log := "root"
				err1 := workflow.SetUpdateHandler(ctx, "other", func(workflow.Context) error { return nil })
				log += ", between"
				err2 := workflow.SetUpdateHandler(ctx, "u", func(workflow.Context) error {
					log += ", update"
					return errors.New("failed")
				})
				return log, errors.Join(err1, err2)
			},
			[]string{"ProtocolMessage id/accept", "ProtocolMessage id/complete", `CompleteWorkflow "root, between, update"`},
		},
		{
			"no handler: rejected when all is blocked",
			func(ctx workflow.Context) (string, error) { return "", workflow.Sleep(ctx, time.Hour) },
			[]string{"StartTimer 5 1h0m0s"},
		},
		{
			"handler set too late",
			func(ctx workflow.Context) (string, error) {
				_ = workflow.Sleep(ctx, time.Hour)
				return "", workflow.SetUpdateHandler(ctx, "u", func(workflow.Context) error { return nil })
			},
			[]string{"StartTimer 5 1h0m0s"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := start(t, tt.wf)
			a := l.task(with(l.Update("id", "u")))
			checkCommands(t, a.Commands, tt.want...)
			if len(tt.want) == 1 {
				checkMessages(t, a, "id/reject unknown update u. KnownUpdates=[]")
			}
		})
	}
}

func TestUpdatesCarriedOverByAReset(t *testing.T) {
	validated := 0
	l := start(t, register(&validated))
	l.Admit("u1", "add", 3)
	a := l.task()
	checkMessages(t, a, "u1/accept of u1/request at 2", "u1/complete 3")
	// What was admitted is not written a second time.
	for _, e := range l.Events {
		if accepted := e.GetWorkflowExecutionUpdateAcceptedEventAttributes(); accepted != nil {
			accepted.AcceptedRequest = nil
		}
	}
	l.Signal("end")
	l.does("CompleteWorkflow 3")
}

func TestUpdatesOfOldHistories(t *testing.T) {
	// Before flag 4, updates ran in their turn, and before flag 3 without commands.
	l := start(t, func(ctx workflow.Context) (string, error) {
		log := "root"
		err := workflow.SetUpdateHandler(ctx, "u", func(workflow.Context) error {
			log += ", update"
			return nil
		})
		log += ", root"
		workflow.GetSignalChannel(ctx, "end").Receive(ctx, nil)
		return log, err
	})
	l.failed = true // the live instance is not used
	l.Task()
	m := l.Update("id", "u")
	l.CompleteTask(&sdkpb.WorkflowTaskCompletedMetadata{})
	l.Accept(m)
	l.Signal("end")
	l.Task()
	d := &histories.Driver{Instance: l.instance()}
	a, err := d.Full(l.History)
	if err != nil {
		t.Fatal(err)
	}
	checkCommands(t, a.Commands, `CompleteWorkflow "root, root, update"`)
}

func TestMisuseInValidatorsFailsTheTask(t *testing.T) {
	misuses := map[string]func(workflow.Context){
		"sleep":   func(ctx workflow.Context) { _ = workflow.Sleep(ctx, time.Second) },
		"timer":   func(ctx workflow.Context) { workflow.NewTimer(ctx, time.Second) },
		"go":      func(ctx workflow.Context) { workflow.Go(ctx, func(workflow.Context) {}) },
		"future":  func(ctx workflow.Context) { workflow.NewFuture(ctx) },
		"channel": func(ctx workflow.Context) { workflow.NewChannel(ctx) },
		"details": func(ctx workflow.Context) { workflow.SetCurrentDetails(ctx, "x") },
		"await":   func(ctx workflow.Context) { _ = workflow.Await(ctx, func() bool { return true }) },
		"cancel":  func(ctx workflow.Context) { _, cancel := workflow.WithCancel(ctx); cancel() },
	}
	for name, misuse := range misuses {
		t.Run(name, func(t *testing.T) {
			l := start(t, func(ctx workflow.Context) error {
				err := workflow.SetUpdateHandlerWithOptions(ctx, "u",
					func(workflow.Context) error { return nil },
					workflow.UpdateHandlerOptions{Validator: func(ctx workflow.Context) error {
						if !workflow.IsReadOnly(ctx) {
							return errors.New("not read-only")
						}
						misuse(ctx)
						return nil
					}})
				if err != nil {
					return err
				}
				return workflow.Sleep(ctx, time.Hour)
			})
			l.does("StartTimer 5 1h0m0s")
			checkFailure(t, l.fails(with(l.Update("id", "u"))), unhandled, "illegal access")
		})
	}
}

func TestPanicsInUpdateHandlersFailTheTask(t *testing.T) {
	l := start(t, func(ctx workflow.Context) error {
		if err := workflow.SetUpdateHandler(ctx, "u", func(workflow.Context) error { panic("boom") }); err != nil {
			return err
		}
		return workflow.Sleep(ctx, time.Hour)
	})
	l.does("StartTimer 5 1h0m0s")
	checkFailure(t, l.fails(with(l.Update("id", "u"))), unhandled, "boom")
}

func TestUpdateHandlersAreChecked(t *testing.T) {
	for name, set := range map[string]func(workflow.Context) error{
		"no function": func(ctx workflow.Context) error { return workflow.SetUpdateHandler(ctx, "u", 7) },
		"no context": func(ctx workflow.Context) error {
			return workflow.SetUpdateHandler(ctx, "u", func() error { return nil })
		},
		"no error": func(ctx workflow.Context) error {
			return workflow.SetUpdateHandler(ctx, "u", func(workflow.Context) {})
		},
		"reserved": func(ctx workflow.Context) error {
			return workflow.SetUpdateHandler(ctx, "__u", func(workflow.Context) error { return nil })
		},
		"validator with a result": func(ctx workflow.Context) error {
			return workflow.SetUpdateHandlerWithOptions(ctx, "u", func(workflow.Context) error { return nil },
				workflow.UpdateHandlerOptions{Validator: func() (int, error) { return 0, nil }})
		},
		"validator with other parameters": func(ctx workflow.Context) error {
			return workflow.SetUpdateHandlerWithOptions(ctx, "u", func(workflow.Context, int) error { return nil },
				workflow.UpdateHandlerOptions{Validator: func(string) error { return nil }})
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := start(t, set).task()
			if a.Commands[0].GetFailWorkflowExecutionCommandAttributes() == nil {
				t.Errorf("got %q, want the registration to fail", histories.Describe(a.Commands))
			}
		})
	}
}
