package task_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/task"
	"github.com/mainspring-go/mainspring/temporal"
)

var errPlain = errors.New("no luck")

type heartbeatResponse = workflowservice.RecordActivityTaskHeartbeatResponse

func TestHeartbeatsAreThrottled(t *testing.T) {
	s := time.Second
	tests := map[string]struct {
		timeout  time.Duration // of heartbeats
		change   func(*task.Options)
		record   []time.Duration // when the activity records 1, 2, 3, ...
		end      time.Duration
		err      error
		wantAt   []time.Duration
		wantSent []int
	}{
		"the first goes out at once": {
			timeout: 10 * s, record: []time.Duration{3 * s}, end: 4 * s,
			wantAt: []time.Duration{3 * s}, wantSent: []int{1},
		},
		"0.8 of the timeout passes between two": {
			timeout: 10 * s, record: []time.Duration{0, s}, end: 20 * s,
			wantAt: []time.Duration{0, 8 * s}, wantSent: []int{1, 2},
		},
		"the newest of the pause is sent at its end": {
			timeout: 10 * s, record: []time.Duration{0, s, 2 * s, 7 * s}, end: 20 * s,
			wantAt: []time.Duration{0, 8 * s}, wantSent: []int{1, 4},
		},
		"a send begins a new pause": {
			timeout: 10 * s, record: []time.Duration{0, s, 9 * s}, end: 20 * s,
			wantAt: []time.Duration{0, 8 * s, 16 * s}, wantSent: []int{1, 2, 3},
		},
		"after a quiet pause the next goes out at once": {
			timeout: 10 * s, record: []time.Duration{0, 11 * s}, end: 12 * s,
			wantAt: []time.Duration{0, 11 * s}, wantSent: []int{1, 2},
		},
		"without a timeout 30 s pass": {
			record: []time.Duration{0, s}, end: 50 * s,
			wantAt: []time.Duration{0, 30 * s}, wantSent: []int{1, 2},
		},
		"never more than 60 s pass": {
			timeout: 1000 * s, record: []time.Duration{0, s}, end: 100 * s,
			wantAt: []time.Duration{0, 60 * s}, wantSent: []int{1, 2},
		},
		"the default interval is an option": {
			change: func(o *task.Options) { o.DefaultHeartbeatThrottleInterval = 5 * s },
			record: []time.Duration{0, s}, end: 50 * s,
			wantAt: []time.Duration{0, 5 * s}, wantSent: []int{1, 2},
		},
		"the longest interval is an option and bounds the default": {
			change: func(o *task.Options) { o.MaxHeartbeatThrottleInterval = 4 * s },
			record: []time.Duration{0, s}, end: 50 * s,
			wantAt: []time.Duration{0, 4 * s}, wantSent: []int{1, 2},
		},
		"a result discards what is unsent": {
			timeout: 10 * s, record: []time.Duration{0, s}, end: 2 * s,
			wantAt: []time.Duration{0}, wantSent: []int{1},
		},
		"a failure sends what is unsent": {
			timeout: 10 * s, record: []time.Duration{0, s}, end: 2 * s, err: errPlain,
			wantAt: []time.Duration{0, 2 * s}, wantSent: []int{1, 2},
		},
		"a failure with nothing unsent sends nothing": {
			timeout: 10 * s, record: []time.Duration{0}, end: 2 * s, err: errPlain,
			wantAt: []time.Duration{0}, wantSent: []int{1},
		},
		"a pending result sends what is unsent": {
			timeout: 10 * s, record: []time.Duration{0, s}, end: 2 * s,
			err:    activity.ErrResultPending,
			wantAt: []time.Duration{0, 2 * s}, wantSent: []int{1, 2},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				act := func(ctx context.Context) error {
					for i, at := range test.record {
						time.Sleep(time.Until(start.Add(at)))
						activity.RecordHeartbeat(ctx, i+1)
					}
					time.Sleep(time.Until(start.Add(test.end)))
					return test.err
				}
				srv := &service{}
				change := test.change
				if change == nil {
					change = func(*task.Options) {}
				}
				h := newHandler(t, srv, act, change)
				if _, err := h.Handle(t.Context(), newTask(withHeartbeatTimeout(test.timeout))); err != nil {
					t.Fatal(err)
				}
				if got := srv.offsets(start); !slices.Equal(got, test.wantAt) {
					t.Errorf("sent at %v, want %v", got, test.wantAt)
				}
				if got := srv.details(t); !slices.Equal(got, test.wantSent) {
					t.Errorf("sent %v, want %v", got, test.wantSent)
				}
			})
		})
	}
}

func TestSlowHeartbeatCallIsPartOfThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &service{onHeartbeat: func(context.Context, int) (*heartbeatResponse, error) {
			time.Sleep(3 * time.Second)
			return nil, nil
		}}
		start := time.Now()
		h := newHandler(t, srv, func(ctx context.Context) error {
			activity.RecordHeartbeat(ctx, 1) // returns after the round trip
			if d := time.Since(start); d != 3*time.Second {
				t.Errorf("the first heartbeat returned after %v, want 3s", d)
			}
			activity.RecordHeartbeat(ctx, 2)
			if d := time.Since(start); d != 3*time.Second {
				t.Errorf("a throttled heartbeat blocked until %v", d)
			}
			time.Sleep(time.Minute)
			return nil
		})
		_, _ = h.Handle(t.Context(), newTask(withHeartbeatTimeout(10*time.Second)))
		want := []time.Duration{0, 8 * time.Second}
		if got := srv.offsets(start); !slices.Equal(got, want) {
			t.Errorf("sent at %v, want %v", got, want)
		}
	})
}

func TestUndeliveredHeartbeatIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &service{onHeartbeat: func(_ context.Context, n int) (*heartbeatResponse, error) {
			if n == 1 {
				return nil, serviceerror.NewUnavailable("not now")
			}
			return nil, nil
		}}
		start := time.Now()
		h := newHandler(t, srv, func(ctx context.Context) error {
			activity.RecordHeartbeat(ctx, 1)
			if ctx.Err() != nil {
				t.Error("a heartbeat that was not delivered cancelled the activity")
			}
			time.Sleep(500 * time.Millisecond)
			activity.RecordHeartbeat(ctx, 2)
			time.Sleep(20 * time.Second)
			return nil
		})
		_, _ = h.Handle(t.Context(), newTask(withHeartbeatTimeout(10*time.Second)))
		want := []time.Duration{0, time.Second}
		if got := srv.offsets(start); !slices.Equal(got, want) {
			t.Errorf("sent at %v, want %v", got, want)
		}
		if got := srv.details(t); !slices.Equal(got, []int{1, 2}) {
			t.Errorf("sent %v, want the newest the second time", got)
		}
	})
}

// A call that fails is repeated soon: the server may end the attempt before a whole pause is over.
// Ever later ones, so that a server in need is spared.
func TestRepeatsBackOff(t *testing.T) {
	s := time.Second
	tests := map[string]struct {
		fails  int
		call   time.Duration // how long each takes
		wantAt []time.Duration
	}{
		"once":                   {1, 0, []time.Duration{0, s}},
		"up to a pause":          {6, 0, []time.Duration{0, s, 3 * s, 7 * s, 15 * s, 23 * s, 31 * s}},
		"after a call that hung": {2, 8 * s, []time.Duration{0, 9 * s, 19 * s}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := &service{onHeartbeat: func(_ context.Context, n int) (*heartbeatResponse, error) {
					time.Sleep(test.call)
					if n <= test.fails {
						return nil, serviceerror.NewUnavailable("not now")
					}
					return nil, nil
				}}
				start := time.Now()
				h := newHandler(t, srv, func(ctx context.Context) error {
					activity.RecordHeartbeat(ctx, 1)
					time.Sleep(time.Minute)
					return nil
				}, func(o *task.Options) { o.DefaultHeartbeatThrottleInterval = 8 * s })
				_, _ = h.Handle(t.Context(), newTask())
				if got := srv.offsets(start); !slices.Equal(got, test.wantAt) {
					t.Errorf("sent at %v, want %v", got, test.wantAt)
				}
			})
		})
	}
}

func TestHeartbeatCallHasDeadlineOfItsOwn(t *testing.T) {
	tests := map[string]struct{ timeout, want time.Duration }{
		"the pause":         {10 * time.Second, 8 * time.Second},
		"a second at least": {time.Second / 2, time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := &service{onHeartbeat: func(ctx context.Context, _ int) (*heartbeatResponse, error) {
					<-ctx.Done()
					return nil, ctx.Err()
				}}
				start := time.Now()
				h := newHandler(t, srv, func(ctx context.Context) error {
					activity.RecordHeartbeat(ctx)
					if d := time.Since(start); d != test.want {
						t.Errorf("the call ended after %v, want %v", d, test.want)
					}
					return nil
				})
				_, _ = h.Handle(t.Context(), newTask(withHeartbeatTimeout(test.timeout)))
			})
		})
	}
}

func TestWorkerStopFlushesHeartbeats(t *testing.T) {
	s := time.Second
	tests := map[string]struct {
		call   time.Duration // how long each call takes
		stop   time.Duration
		wantAt []time.Duration
	}{
		"during the pause":        {0, 3 * s, []time.Duration{0, 3 * s}},
		"during a call in flight": {4 * s, 2 * s, []time.Duration{0, 4 * s}},
		"never":                   {0, 100 * s, []time.Duration{0, 8 * s}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stop := make(chan struct{})
				timer := time.AfterFunc(test.stop, func() { close(stop) })
				defer timer.Stop()
				srv := &service{onHeartbeat: func(context.Context, int) (*heartbeatResponse, error) {
					time.Sleep(test.call)
					return nil, nil
				}}
				start := time.Now()
				h := newHandler(t, srv, func(ctx context.Context) error {
					go activity.RecordHeartbeat(ctx, 1)
					time.Sleep(time.Second)
					activity.RecordHeartbeat(ctx, 2)
					time.Sleep(20 * time.Second)
					return nil
				}, func(o *task.Options) { o.WorkerStop = stop })
				_, _ = h.Handle(t.Context(), newTask(withHeartbeatTimeout(10*time.Second)))
				if got := srv.offsets(start); !slices.Equal(got, test.wantAt) {
					t.Errorf("sent at %v, want %v", got, test.wantAt)
				}
				if got := srv.details(t); !slices.Equal(got, []int{1, 2}) {
					t.Errorf("sent %v, want [1 2]", got)
				}
			})
		})
	}
}

func TestWorkerStopSendsNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		defer time.AfterFunc(2*time.Second, func() { close(stop) }).Stop()
		srv := &service{}
		h := newHandler(t, srv, func(ctx context.Context) error {
			activity.RecordHeartbeat(ctx, 1)
			time.Sleep(5 * time.Second)
			return nil
		}, func(o *task.Options) { o.WorkerStop = stop })
		_, _ = h.Handle(t.Context(), newTask())
		if len(srv.beats) != 1 {
			t.Errorf("sent %d heartbeats, want 1", len(srv.beats))
		}
	})
}

func TestSilenceEndsTheAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &service{onHeartbeat: func(_ context.Context, n int) (*heartbeatResponse, error) {
			if n > 1 {
				return nil, serviceerror.NewUnavailable("cut off")
			}
			return nil, nil
		}}
		start := time.Now()
		h := newHandler(t, srv, func(ctx context.Context) error {
			time.Sleep(5 * time.Second)
			activity.RecordHeartbeat(ctx, 1) // the last one to arrive
			time.Sleep(time.Second)
			activity.RecordHeartbeat(ctx, 2)
			<-ctx.Done()
			var timeout *temporal.TimeoutError
			if cause := context.Cause(ctx); !errors.As(cause, &timeout) ||
				timeout.TimeoutType() != enumspb.TIMEOUT_TYPE_HEARTBEAT {
				t.Errorf("cause is %v, want a heartbeat timeout", cause)
			}
			return ctx.Err()
		})
		outcome, err := h.Handle(t.Context(), newTask(withHeartbeatTimeout(10*time.Second)))
		if outcome != task.TimedOut || err != nil {
			t.Errorf("got %v, %v, want timed out", outcome, err)
		}
		if d := time.Since(start); d != 20*time.Second { // 5 s + 10 s timeout + 5 s margin
			t.Errorf("ended after %v, want 20s", d)
		}
		if len(srv.reports) != 0 {
			t.Errorf("reported %v, want nothing", srv.reports)
		}
	})
}

func TestUnencodableHeartbeatFailsTheAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &service{}
		h := newHandler(t, srv, func(ctx context.Context) error {
			activity.RecordHeartbeat(ctx, func() {})
			if ctx.Err() == nil {
				t.Error("the context is not cancelled")
			}
			return nil
		})
		outcome, err := h.Handle(t.Context(), newTask())
		if outcome != task.Failed || err != nil {
			t.Errorf("got %v, %v, want failed", outcome, err)
		}
		wantMessage(t, srv.failure(t), "unable to encode activity heartbeat details")
		if len(srv.beats) != 0 {
			t.Errorf("sent %d heartbeats, want none", len(srv.beats))
		}
	})
}

func TestHeartbeatDetailsOfEarlierAttempt(t *testing.T) {
	srv := &service{}
	h := newHandler(t, srv, func(ctx context.Context) (int, error) {
		if !activity.HasHeartbeatDetails(ctx) {
			return 0, activity.GetHeartbeatDetails(ctx)
		}
		var n int
		err := activity.GetHeartbeatDetails(ctx, &n)
		return n, err
	})
	r := newTask()
	r.HeartbeatDetails = encode(t, 42)
	if _, err := h.Handle(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	completed, ok := srv.onlyReport(t).(*workflowservice.RespondActivityTaskCompletedRequest)
	if !ok || decodeInt(t, completed.GetResult()) != 42 {
		t.Errorf("reported %v, want 42", srv.reports[0])
	}
}
