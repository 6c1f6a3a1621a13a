package poller_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/poller"
)

func TestPauseResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		r.Pause()
		r.Pause()
		r.queue.tasks <- 1 // a poll in flight still takes it
		synctest.Wait()
		if s := r.Status(); s.State != poller.StatePaused || s.InFlight != 2 || s.Tasks != 1 {
			t.Errorf("paused: %+v", s)
		}
		time.Sleep(longPoll)
		r.queue.tasks <- 2
		time.Sleep(time.Hour)
		if s := r.Status(); s.InFlight+s.Admitting != 0 || s.Tasks != 1 {
			t.Errorf("after the last poll: %+v", s)
		}
		r.Resume()
		r.Resume()
		synctest.Wait()
		if s := r.Status(); s.State != poller.StateRunning || s.InFlight != 3 || s.Tasks != 2 {
			t.Errorf("resumed: %+v", s)
		}
		r.stop(t)
	})
}

func TestPauseEndsWaitForTicket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 0, nil)
		r.Pause()
		r.run(t.Context())
		synctest.Wait()
		if s := r.Status(); s.State != poller.StatePaused || s.Admitting != 0 {
			t.Errorf("paused before Run: %+v", s)
		}
		for range 3 { // pausing and resuming in a row must not lose a seat, nor spin
			r.Resume()
			r.Pause()
			r.Resume()
			synctest.Wait()
			if s := r.Status(); s.Admitting != 3 {
				t.Errorf("resumed: %+v", s)
			}
			r.Pause()
			synctest.Wait()
			if s := r.Status(); s.Admitting != 0 {
				t.Errorf("paused: %+v", s)
			}
		}
		r.stop(t)
	})
}

func TestSetScaler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		for _, step := range []struct{ target, now, later int }{
			{6, 6, 6}, {2, 6, 2}, {1, 2, 1}, {4, 4, 4},
		} {
			if err := r.SetScaler(poller.Fixed(step.target)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if got := r.Status().InFlight; got != step.now {
				t.Errorf("target %d: %d in flight at once, want %d", step.target, got, step.now)
			}
			time.Sleep(longPoll + time.Second)
			if s := r.Status(); s.InFlight != step.later || s.Target != step.target {
				t.Errorf("target %d: %+v, want %d in flight", step.target, s, step.later)
			}
		}
		for _, bad := range []poller.Scaler{nil, poller.Fixed(0), poller.Fixed(poller.MaxTarget + 1)} {
			if err := r.SetScaler(bad); err == nil {
				t.Errorf("SetScaler(%v): no error", bad)
			}
		}
		r.stop(t)
	})
}

// A seat that waits for a ticket when the target falls gives the ticket back.
func TestShrinkWhileAdmitting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 5, nil)
		for range 5 {
			r.desk.free <- struct{}{}
		}
		r.run(t.Context())
		synctest.Wait()
		if err := r.SetScaler(poller.Fixed(1)); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			<-r.desk.free
		}
		synctest.Wait()
		if s := r.Status(); s.InFlight != 1 || r.desk.out.Load() != 1 {
			t.Errorf("%+v, %d tickets out", s, r.desk.out.Load())
		}
		r.stop(t)
	})
}

// A seat too many asks for no ticket: it would only take it from somebody else.
func TestSurplusSeatAsksForNoTicket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		d := newDesk(5)
		r := start(t, func(o *options) {
			o.Scaler = poller.Fixed(5)
			o.Admit = poller.AdmissionFunc[*ticket](func(ctx context.Context) (*ticket, error) {
				asked.Add(1)
				return d.Admit(ctx)
			})
		})
		if err := r.SetScaler(poller.Fixed(1)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(longPoll + time.Second)
		if n := asked.Load(); n != 6 {
			t.Errorf("asked for %d tickets, want 6: five at first and one after the shrinking", n)
		}
		r.stop(t)
	})
}

func TestTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ticks atomic.Int64
		r := start(t, func(o *options) {
			o.ScaleEvery = time.Second
			o.Scaler = scalerFunc(func(e poller.Event) int {
				if e.Kind == poller.Ticked {
					return e.Target + int(ticks.Add(1)) // 1, 2, 4, 7, 11
				}
				return max(1, e.Target)
			})
		})
		time.Sleep(4*time.Second + time.Millisecond)
		if s := r.Status(); s.Target != 11 || s.InFlight != 10 || s.Admitting != 1 {
			t.Errorf("after four ticks: %+v", s)
		}
		r.stop(t)
	})
}

type scalerFunc func(poller.Event) int

func (f scalerFunc) Next(e poller.Event) int { return f(e) }

// A scaler cannot stop the polling, nor start more than MaxTarget.
func TestScalerIsClamped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var next atomic.Int64
		next.Store(3)
		r := start(t, func(o *options) {
			o.ScaleEvery = time.Second
			o.Scaler = scalerFunc(func(poller.Event) int { return int(next.Load()) })
		})
		for _, c := range []struct{ asked, want int }{{-5, 1}, {1 << 40, poller.MaxTarget}} {
			next.Store(int64(c.asked))
			time.Sleep(1100 * time.Millisecond)
			if got := r.Status().Target; got != c.want {
				t.Errorf("scaler asked for %d: target %d, want %d", c.asked, got, c.want)
			}
		}
		r.stop(t)
	})
}
