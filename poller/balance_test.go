package poller_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/poller"
)

func slots(n int) func() (int, bool) { return func() (int, bool) { return n, true } }

// try enters if that is possible at once.
func try(t *testing.T, b *poller.Balance, side poller.Side) *poller.Pass {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	pass, err := b.Enter(ctx, side)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Enter: %v", err)
	}
	return pass
}

// Each case is a list of steps: N and S enter, n and s try in vain; W makes a task of the oldest
// poll; L leaves the oldest pass. W and L do so more than once, which must not matter. T enters with
// a task, t tries in vain.
func TestBalance(t *testing.T) {
	for _, c := range []struct {
		name  string
		slots int
		steps string
	}{
		{"one slot, one poll", 1, "Nsn"},
		{"one slot serves both in turn", 1, "NsLSnL"},
		{"two slots, one each", 2, "NnSsn"},
		{"the last is left to the other", 3, "SSsNsn"},
		{"both may have more than one", 4, "NNSSns"},
		{"a task takes a slot away", 3, "NWSsNsn"},
		{"a leaving task gives it back", 3, "NWSsLSsN"},
		{"no slot left", 2, "NWSWns"},
		{"a task can leave both with one slot", 2, "NWSnsLN"},
		{"a task that is there already takes a slot", 3, "TNSnsLS"},
		{"it leaves the last slot to the side without a poll", 2, "NtSt"},
		{"and may take that of its own side", 2, "STtn"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := poller.NewBalance(slots(c.slots))
				var passes, polls []*poller.Pass
				for i, step := range c.steps {
					side, may := poller.Normal, step < 'a'
					switch step {
					case 'W':
						polls[0].Work()
						polls[0].Work()
						polls = polls[1:]
						continue
					case 'L':
						passes[0].Leave()
						passes[0].Leave()
						passes[0].Work()
						passes = passes[1:]
						continue
					case 'T', 't': // enters as a task of the normal side, without waiting
						pass, ok := b.TryEnter(poller.Normal)
						if ok != (step == 'T') {
							t.Fatalf("step %d of %q: entered %t, want %t", i+1, c.steps, ok, !ok)
						}
						if ok {
							passes = append(passes, pass)
						}
						continue
					case 'S', 's':
						side = poller.Sticky
					}
					pass := try(t, b, side)
					if (pass != nil) != may {
						t.Fatalf("step %d of %q: entered %t, want %t", i+1, c.steps, pass != nil, may)
					}
					if pass != nil {
						passes, polls = append(passes, pass), append(polls, pass)
					}
				}
			})
		})
	}
}

// enter waits in the background and says which side got in.
func enter(t *testing.T, b *poller.Balance, side poller.Side, got chan<- *poller.Pass) {
	t.Helper()
	go func() {
		if pass, err := b.Enter(t.Context(), side); err == nil {
			got <- pass
		}
	}()
	synctest.Wait()
}

func TestBalanceOfTheLastSlot(t *testing.T) {
	for _, c := range []struct {
		name    string
		first   poller.Side
		backlog int64
		normal  bool // whether the normal side comes next
	}{
		{"in turn after normal", poller.Normal, 0, false},
		{"in turn after sticky", poller.Sticky, 0, true},
		{"a backlog of one is nothing", poller.Sticky, 1, true},
		{"a sticky backlog goes first", poller.Sticky, 2, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := poller.NewBalance(slots(1))
				held := try(t, b, c.first)
				normal, sticky := make(chan *poller.Pass, 1), make(chan *poller.Pass, 1)
				enter(t, b, poller.Normal, normal)
				enter(t, b, poller.Sticky, sticky)
				b.Backlog(poller.Sticky, c.backlog)
				held.Leave()
				synctest.Wait()
				if len(normal)+len(sticky) != 1 || (len(normal) == 1) != c.normal {
					t.Fatalf("%d normal and %d sticky polls got in", len(normal), len(sticky))
				}
				b.Backlog(poller.Sticky, 0)
				select { // and then the other
				case pass := <-normal:
					pass.Leave()
					(<-sticky).Leave()
				case pass := <-sticky:
					pass.Leave()
					(<-normal).Leave()
				}
			})
		})
	}
}

// While enough tasks are cold the normal side waits, whatever slots there are, and the sticky
// side has what it leaves.
func TestBalanceOfColdTasks(t *testing.T) {
	for _, c := range []struct {
		name     string
		capacity func() (int, bool)
	}{
		{"slots", slots(6)},
		{"no number of slots", func() (int, bool) { return 0, false }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := poller.NewBalance(c.capacity)
				b.LimitCold(2)
				task := func(side poller.Side) *poller.Pass {
					t.Helper()
					pass := try(t, b, side)
					if pass == nil {
						t.Fatal("the side may not poll")
					}
					pass.Work()
					return pass
				}
				first, second := task(poller.Normal), task(poller.Normal)
				normal := make(chan *poller.Pass, 1)
				enter(t, b, poller.Normal, normal)
				if len(normal) != 0 {
					t.Fatal("two tasks that nobody has looked at let the normal side poll")
				}
				third, fourth := task(poller.Sticky), task(poller.Sticky)
				first.Warm()
				first.Warm() // counts once
				synctest.Wait()
				if len(normal) != 1 {
					t.Fatal("the normal side waits though one task is warm")
				}
				(<-normal).Leave()
				third.Cold()
				third.Cold()
				if pass := try(t, b, poller.Normal); pass != nil {
					t.Error("a cold task of the sticky side does not count")
				}
				second.Leave()
				second.Cold() // it has left
				if pass := try(t, b, poller.Normal); pass == nil {
					t.Error("a task that has left is cold still")
				} else {
					pass.Cold() // it has no task
					pass.Leave()
				}
				fourth.Cold()
				b.LimitCold(0)
				if pass := try(t, b, poller.Normal); pass == nil {
					t.Error("no bound, but the normal side has to wait")
				}
			})
		})
	}
}

// However many tasks of the sticky side are cold, the normal side has one at a time: their stream
// may never end.
func TestBalanceStarvesNobodyForColdTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := poller.NewBalance(slots(6))
		b.LimitCold(2)
		for range 3 {
			pass := try(t, b, poller.Sticky)
			pass.Work()
			pass.Cold()
		}
		for range 2 {
			pass := try(t, b, poller.Normal)
			if pass == nil {
				t.Fatal("the normal side waits for cold tasks that are not its own")
			}
			if try(t, b, poller.Normal) != nil {
				t.Error("the normal side has a second poll")
			}
			pass.Work()
			if try(t, b, poller.Normal) != nil {
				t.Error("the normal side polls though one of its tasks is cold, too")
			}
			pass.Warm()
		}
	})
}

func TestNoPassDoesNothing(t *testing.T) {
	var pass *poller.Pass
	pass.Work()
	pass.Cold()
	pass.Warm()
	pass.Leave()
}

// With one slot the sides take turns; a side that may not poll has none.
func TestBalanceGivesTheTurnOfColdTasksAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := poller.NewBalance(slots(2))
		b.LimitCold(1)
		held := try(t, b, poller.Normal)
		held.Work()
		normal := make(chan *poller.Pass, 1)
		enter(t, b, poller.Normal, normal)
		for range 3 {
			pass := try(t, b, poller.Sticky)
			if pass == nil {
				t.Fatal("the sticky side waits for a turn of the normal one, which may not poll")
			}
			pass.Work()
			pass.Leave()
		}
		held.Leave()
		(<-normal).Leave()
	})
}

func TestBalanceStickyGoesFirstWithBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := poller.NewBalance(slots(3))
		n1, n2, s1 := try(t, b, poller.Normal), try(t, b, poller.Normal), try(t, b, poller.Sticky)
		normal, sticky := make(chan *poller.Pass, 1), make(chan *poller.Pass, 1)
		enter(t, b, poller.Normal, normal)
		enter(t, b, poller.Sticky, sticky)
		b.Backlog(poller.Sticky, 5)
		n1.Leave()
		synctest.Wait()
		if len(normal) != 0 || len(sticky) != 1 {
			t.Errorf("%d normal and %d sticky polls got in, want sticky", len(normal), len(sticky))
		}
		// The normal side still keeps its one poll.
		n2.Leave()
		synctest.Wait()
		if len(normal) != 1 {
			t.Error("the normal side has no poll")
		}
		s1.Leave()
	})
}

func TestBalanceUnlimitedAndRecheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, finite := 0, true
		b := poller.NewBalance(func() (int, bool) { return n, finite })
		got := make(chan *poller.Pass, 10)
		enter(t, b, poller.Normal, got)
		enter(t, b, poller.Normal, got)
		if len(got) != 0 {
			t.Fatal("entered without a slot")
		}
		n = 2
		b.Recheck()
		synctest.Wait()
		if len(got) != 1 {
			t.Errorf("%d got in with two slots, want 1: the last is for the other side", len(got))
		}
		finite = false
		b.Recheck()
		synctest.Wait()
		if len(got) != 2 || try(t, b, poller.Sticky) == nil || try(t, b, poller.Normal) == nil {
			t.Error("not everybody got in without a limit")
		}
	})
}

func TestBalanceContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := poller.NewBalance(slots(1))
		ctx, cancel := context.WithCancelCause(t.Context())
		errGone := errors.New("gone")
		cancel(errGone)
		if _, err := b.Enter(ctx, poller.Normal); !errors.Is(err, errGone) {
			t.Errorf("Enter with a dead context: %v", err)
		}
		held := try(t, b, poller.Normal)
		if try(t, b, poller.Sticky) != nil {
			t.Error("entered twice")
		}
		held.Leave()
		// The sticky side does not wait any more, so nothing is kept for it.
		if try(t, b, poller.Normal) == nil {
			t.Error("a call that gave up still counts as waiting")
		}
	})
}

// Two pollers on one supply of slots: whatever the load, both have a poll whenever two slots
// are free of tasks, no slot is given twice, and every task is done.
func TestBalanceOfTwoPollers(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { twoPollers(t, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

// slotTicket is what core joins: a pass and a slot.
type slotTicket struct {
	pass *poller.Pass
	slot *ticket
}

func (k *slotTicket) Return() {
	k.slot.Return()
	k.pass.Leave()
}

func (k *slotTicket) Spend() { k.pass.Work() }

// gate joins a balance and a supply of slots.
type gate struct {
	balance *poller.Balance
	side    poller.Side
	desk    *desk
}

func (g gate) Admit(ctx context.Context) (*slotTicket, error) {
	pass, err := g.balance.Enter(ctx, g.side)
	if err != nil {
		return nil, err
	}
	slot, err := g.desk.Admit(ctx)
	if err != nil {
		pass.Leave()
		return nil, err
	}
	return &slotTicket{pass: pass, slot: slot}, nil
}

func twoPollers(t *testing.T, rnd *rand.Rand) {
	t.Helper()
	n := 2 + rnd.IntN(5)
	supply := newDesk(n)
	b := poller.NewBalance(slots(n))
	queues := [2]*queue{newQueue(), newQueue()}
	var both [2]*poller.Poller[int, *slotTicket]
	done := make(chan error, 2)
	for side, q := range queues {
		p, err := poller.New(poller.Options[int, *slotTicket]{
			Source: q,
			Admit:  gate{b, poller.Side(side), supply},
			Scaler: poller.Fixed(1 + rnd.IntN(8)),
			Handle: func(_ context.Context, task int, k *slotTicket) {
				time.Sleep(time.Duration(task) * time.Millisecond)
				k.Return()
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		both[side] = p
		go func() { done <- p.Run(t.Context()) }()
	}
	tasks := 0
	for range 40 {
		for range rnd.IntN(3) {
			tasks++
			queues[rnd.IntN(2)].tasks <- rnd.IntN(50)
		}
		time.Sleep(time.Duration(rnd.IntN(30)) * time.Millisecond)
	}
	time.Sleep(5 * time.Second) // every task is done by now
	normal, sticky := both[0].Status(), both[1].Status()
	if normal.InFlight < 1 || sticky.InFlight < 1 || normal.Tasks+sticky.Tasks != uint64(tasks) {
		t.Errorf("%d slots, %d tasks:\n%+v\n%+v", n, tasks, normal, sticky)
	}
	for _, p := range both {
		p.Stop(poller.Interrupt)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if supply.out.Load() != 0 || try(t, b, poller.Normal) == nil || try(t, b, poller.Sticky) == nil {
		t.Error("slots or passes were not given back")
	}
}
