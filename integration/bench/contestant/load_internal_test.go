package contestant

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A worker is stopped when as many activities have begun as were asked for; what they still took is
// told.
func TestStopUnderLoad(t *testing.T) {
	t.Parallel()
	for _, early := range []bool{true, false} { // the activities
		synctest.Test(t, func(t *testing.T) {
			l := newLoad()
			var stopped time.Duration
			began := time.Now()
			stop := func(context.Context) error {
				stopped = time.Since(began)
				time.Sleep(SlowTime + Later + 3*time.Millisecond)
				return nil
			}
			run := func() {
				for range 2 {
					go func() {
						if got, err := l.slow(t.Context(), "text"); got != "text" || err != nil {
							t.Errorf("got %q, %v", got, err)
						}
					}()
				}
			}
			if early {
				run()
				synctest.Wait()
			} else {
				time.AfterFunc(time.Second, run)
			}
			s, err := l.stop(t.Context(), "2", stop)
			want := Stopped{Took: SlowTime + Later + 3*time.Millisecond, After: 3 * time.Millisecond, Begun: 2}
			if err != nil || s != want {
				t.Errorf("early %t: got %+v, %v, want %+v", early, s, err, want)
			}
			if !early && stopped != time.Second {
				t.Errorf("stopped after %v, before the activities ran", stopped)
			}
		})
	}
}

func TestStopUnderLoadThatIsWrong(t *testing.T) {
	t.Parallel()
	none := func(context.Context) error { return nil }
	for _, number := range []string{"", "none", "0"} {
		if _, err := newLoad().stop(t.Context(), number, none); err == nil {
			t.Errorf("%q activities: no error", number)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		l := newLoad()
		ctx, cancel := context.WithCancel(t.Context())
		go l.slow(ctx, "") //nolint:errcheck // It is canceled.
		synctest.Wait()
		if _, err := l.stop(t.Context(), "1", none); err == nil {
			t.Error("a worker that leaves an activity running has no error")
		}
		cancel()
		if _, err := l.slow(ctx, ""); !errors.Is(err, context.Canceled) {
			t.Errorf("an activity that is canceled ends with %v", err)
		}
		if _, err := newLoad().stop(ctx, "1", none); !errors.Is(err, context.Canceled) {
			t.Errorf("nobody waits any more, and the error is %v", err)
		}
	})
}

func TestMemoryIsThatOfTheProcess(t *testing.T) {
	t.Parallel()
	before := measureMemory()
	kept := make([]byte, 64<<20)
	for i := range kept {
		kept[i] = 1
	}
	after := measureMemory()
	if after.Heap < before.Heap+60<<20 {
		t.Errorf("the heap grew from %.0f to %.0f bytes by 64 MB", before.Heap, after.Heap)
	}
	if before.Resident > 0 && after.Resident < before.Resident+50<<20 { // where there is /proc
		t.Errorf("%.0f bytes were resident, and %.0f with 64 MB more", before.Resident, after.Resident)
	}
	if kept[len(kept)/2] != 1 || after.Goroutines == 0 || after.Stacks == 0 {
		t.Errorf("%+v", after)
	}
}
