package poller_test

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/poller"
)

// A world is what a scaler is tried in: a server with a queue at some distance, on which tasks
// come by chance, and a worker with slots.
type world struct {
	trip   time.Duration // of a poll there and back
	handle time.Duration // how long a task occupies its slot
	slots  int
	starts float64 // the worker's limit of polls sent per second; zero: none
	steady bool    // tasks come at equal intervals instead of by chance
	phases []phase
}

// A phase begins with a burst of tasks, and goes on with a rate of them.
type phase struct {
	lasts time.Duration
	burst int
	rate  float64 // tasks per second
}

// A record is what came of a run.
type record struct {
	came int             // tasks that came
	done []time.Duration // when tasks were handled, in order
	aims []aim           // targets, each with its time
}

type aim struct {
	at     time.Duration
	target int
}

// share returns for what share of the time between from and to the target was in [lo, hi].
func (r *record) share(from, to time.Duration, lo, hi int) float64 {
	var in time.Duration
	for i, a := range r.aims {
		ends := to
		if i+1 < len(r.aims) {
			ends = min(to, r.aims[i+1].at)
		}
		if a.target >= lo && a.target <= hi {
			in += max(0, ends-max(from, a.at))
		}
	}
	return float64(in) / float64(to-from)
}

// middle returns the target that was not exceeded for half of the time between from and to.
func (r *record) middle(from, to time.Duration) int {
	n := 1
	for r.share(from, to, 1, n) < 0.5 {
		n++
	}
	return n
}

// at returns the target at that time.
func (r *record) at(when time.Duration) int {
	now := 0
	for _, a := range r.aims {
		if a.at <= when {
			now = a.target
		}
	}
	return now
}

// depot is the server.
type depot struct {
	tasks chan struct{}
	trip  time.Duration
}

func (d *depot) Poll(ctx context.Context) (int, poller.Feedback, error) {
	time.Sleep(d.trip / 2)
	defer time.Sleep(d.trip / 2)
	timer := time.NewTimer(longPoll)
	defer timer.Stop()
	select {
	case <-d.tasks:
		return 1, poller.Feedback{}, nil
	case <-timer.C:
		return 0, poller.Feedback{Empty: true}, nil
	case <-ctx.Done():
		return 0, poller.Feedback{}, context.Cause(ctx)
	}
}

// supply makes the tasks and returns how many.
func (w *world) supply(d *depot, rnd *rand.Rand) (came int) {
	for _, ph := range w.phases {
		ends := time.Now().Add(ph.lasts)
		for range ph.burst {
			d.tasks <- struct{}{}
			came++
		}
		for ph.rate > 0 {
			wait := time.Duration(float64(time.Second) / ph.rate)
			if !w.steady {
				wait = time.Duration(rnd.ExpFloat64() * float64(wait))
			}
			if time.Until(ends) < wait {
				break
			}
			time.Sleep(wait)
			d.tasks <- struct{}{}
			came++
		}
		time.Sleep(time.Until(ends))
	}
	return came
}

// gateway is the worker's slots and its limit of polls sent.
type gateway struct {
	slots  chan struct{}
	starts chan struct{} // nil: no limit
}

func (g *gateway) Admit(ctx context.Context) (*freeSlot, error) {
	select {
	case g.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if g.starts != nil {
		select {
		case <-g.starts:
		case <-ctx.Done():
			<-g.slots
			return nil, ctx.Err()
		}
	}
	return &freeSlot{slots: g.slots}, nil
}

// pace lets polls start until ctx ends.
func (g *gateway) pace(ctx context.Context, perSecond float64) {
	for {
		time.Sleep(time.Duration(float64(time.Second) / perSecond))
		select {
		case g.starts <- struct{}{}:
		case <-ctx.Done():
			return
		}
	}
}

type freeSlot struct {
	slots chan struct{}
	once  sync.Once
}

func (s *freeSlot) Return() { s.once.Do(func() { <-s.slots }) }

// recorder writes down the targets and the tasks.
type recorder struct {
	mu    sync.Mutex
	begin time.Time
	rec   record
}

func (o *recorder) ObserveTarget(e poller.TargetEvent) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rec.aims = append(o.rec.aims, aim{time.Since(o.begin), e.To})
}

func (o *recorder) handled() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rec.done = append(o.rec.done, time.Since(o.begin))
}

// simulate runs a poller in the world, in virtual time.
func (w *world) simulate(t *testing.T, scaler poller.Scaler, seed uint64) (rec record) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &depot{tasks: make(chan struct{}, 100_000), trip: w.trip}
		g := &gateway{slots: make(chan struct{}, w.slots)}
		ctx, cancel := context.WithCancel(t.Context())
		if w.starts > 0 {
			g.starts = make(chan struct{})
			go g.pace(ctx, w.starts)
		}
		o := &recorder{begin: time.Now()}
		p, err := poller.New(poller.Options[int, *freeSlot]{
			Source: d, Admit: g, Scaler: scaler, Observers: []poller.Observer{o},
			Handle: func(_ context.Context, _ int, k *freeSlot) {
				time.Sleep(w.handle)
				k.Return()
				o.handled()
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		o.rec.aims = []aim{{0, p.Status().Target}}
		ran := make(chan error, 1)
		go func() { ran <- p.Run(t.Context()) }()
		came := w.supply(d, rand.New(rand.NewPCG(seed, 2)))
		cancel()
		p.Stop(poller.Interrupt)
		if err := <-ran; err != nil {
			t.Error(err)
		}
		if err := p.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		rec = o.rec
		rec.came = came
	})
	return rec
}

// bestFixed tries fixed numbers of polls up to Local's maximum and returns the one whose run has
// the least cost.
func (w *world) bestFixed(t *testing.T, cost func(record) float64) (polls int, least float64) {
	t.Helper()
	for _, n := range []int{1, 2, 5, 10, 20, 50, 100} {
		if c := cost(w.simulate(t, poller.Fixed(n), 1)); polls == 0 || c < least {
			polls, least = n, c
		}
	}
	return polls, least
}

func newLocal(t *testing.T) *poller.Local {
	t.Helper()
	l, err := poller.NewLocal(poller.LocalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func newAuto(t *testing.T) *poller.Auto {
	t.Helper()
	a, err := poller.NewAuto(poller.AutoOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Under a constant load, the controller settles within ten seconds (a hundred windows), and from
// then on it is away from its middle by more than a quarter (or one poll) for less than 2 % of
// the time. It handles at least 99 % of the tasks that the best fixed number handles, with a
// number of polls that fits the load.
func TestLocalSettles(t *testing.T) {
	const settled, end = 10 * time.Second, 40 * time.Second
	for _, c := range []struct {
		name   string
		world  world
		lo, hi int // of the middle
	}{
		{"some tasks", world{
			trip: 10 * ms, handle: 50 * ms, slots: 100,
			phases: []phase{{end, 0, 40}},
		}, 2, 6},
		{"at a steady rate", world{
			trip: 10 * ms, handle: 50 * ms, slots: 100, steady: true,
			phases: []phase{{end, 0, 40}},
		}, 2, 6},
		{"few tasks", world{
			trip: 10 * ms, handle: 50 * ms, slots: 100,
			phases: []phase{{end, 0, 4}},
		}, 1, 2},
		{"few at a steady rate", world{
			trip: 10 * ms, handle: 50 * ms, slots: 100, steady: true,
			phases: []phase{{end, 0, 4}},
		}, 1, 2},
		{"many tasks", world{
			trip: 20 * ms, handle: 100 * ms, slots: 200,
			phases: []phase{{end, 0, 250}},
		}, 6, 40},
		{"far away", world{
			trip: 150 * ms, handle: 50 * ms, slots: 100,
			phases: []phase{{end, 0, 40}},
		}, 6, 20},
		{"many, far away", world{
			trip: 150 * ms, handle: 50 * ms, slots: 100,
			phases: []phase{{end, 0, 150}},
		}, 22, 100},
		{"more than the slots can do", world{
			trip: 20 * ms, handle: time.Second, slots: 10,
			phases: []phase{{end, 0, 100}},
		}, 1, 10},
		{"more than may be started", world{
			trip: 20 * ms, handle: 50 * ms, slots: 100, starts: 40,
			phases: []phase{{end, 4000, 0}},
		}, 1, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n, least := c.world.bestFixed(t, func(r record) float64 { return -float64(len(r.done)) })
			for seed := range uint64(4) {
				var s poller.Scaler = newLocal(t)
				if seed == 0 {
					s = newAuto(t) // which sees no suggestion
				}
				rec := c.world.simulate(t, s, seed)
				mid := rec.middle(settled, end)
				near := max(1, mid/4)
				calm := rec.share(settled, end, mid-near, mid+near)
				t.Logf("%T settles at %d polls, near it for %.1f%%; handled %d of %d, Fixed(%d) %.0f",
					s, mid, 100*calm, len(rec.done), rec.came, n, -least)
				if mid < c.lo || mid > c.hi {
					t.Errorf("seed %d: settled at %d polls, want %d to %d", seed, mid, c.lo, c.hi)
				}
				if calm < 0.98 {
					t.Errorf("seed %d: near %d for %.1f%% of the time, want 98%%: %v",
						seed, mid, 100*calm, rec.aims)
				}
				if seed == 1 && float64(len(rec.done)) < -least*0.99 {
					t.Errorf("handled %d tasks, and Fixed(%d) handled %.0f", len(rec.done), n, -least)
				}
			}
		})
	}
}

// A burst takes at most a second more than with the best fixed number, which has many
// polls in flight all the time; and three quarters of a minute later the polls are few again.
func TestLocalDrainsBurst(t *testing.T) {
	const calm, burst = 30 * time.Second, 10_000
	w := world{
		trip: 20 * ms, handle: 50 * ms, slots: 200,
		phases: []phase{{calm, 0, 20}, {90 * time.Second, burst, 20}},
	}
	drained := func(r record) float64 { // in seconds
		before := 0
		for _, at := range r.done {
			if at <= calm {
				before++
			}
		}
		if len(r.done) < before+burst {
			return math.Inf(1)
		}
		return (r.done[before+burst-1] - calm).Seconds()
	}
	rec := w.simulate(t, newLocal(t), 1)
	n, least := w.bestFixed(t, drained)
	t.Logf("drained in %.1f s; Fixed(%d) in %.1f s", drained(rec), n, least)
	if got := drained(rec); got > least+1 {
		t.Errorf("drained in %.1f s, and Fixed(%d) in %.1f s", got, n, least)
	}
	if got := rec.at(calm); got > 5 {
		t.Errorf("%d polls before the burst, want few", got)
	}
	if got := rec.at(calm + 45*time.Second); got > 5 {
		t.Errorf("%d polls three quarters of a minute later, want few", got)
	}
	if len(rec.done) != rec.came {
		t.Errorf("handled %d of %d tasks", len(rec.done), rec.came)
	}
}

// Without tasks the number falls to its minimum within two rounds of long polls, and rises again
// with the first backlog.
func TestLocalSinksAndRises(t *testing.T) {
	const busy, idle = 5 * time.Second, 5 * time.Minute
	w := world{
		trip: 20 * ms, handle: 50 * ms, slots: 200,
		phases: []phase{{busy, 4000, 0}, {idle, 0, 0}, {busy, 4000, 0}},
	}
	for name, s := range map[string]poller.Scaler{"Local": newLocal(t), "Auto": newAuto(t)} {
		rec := w.simulate(t, s, 1)
		if got := rec.at(busy); got < 20 {
			t.Errorf("%s: %d polls when busy, want more than it began with", name, got)
		}
		if got := rec.at(busy + 2*longPoll + time.Second); got != 1 {
			t.Errorf("%s: %d polls after two rounds of nothing, want 1", name, got)
		}
		if got := rec.at(busy + idle + busy); got < 20 || len(rec.done) != 8000 {
			t.Errorf("%s: %d polls at the end, %d tasks handled", name, got, len(rec.done))
		}
	}
}
