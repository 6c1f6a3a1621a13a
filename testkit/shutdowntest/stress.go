package shutdowntest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/mainspring-go/mainspring/shutdown"
)

// allAtOnce is a little of Stress, for the list of clauses.
func allAtOnce(ctx context.Context, mk New) error {
	for seed := range uint64(20) {
		if err := meet(ctx, mk, seed); err != nil {
			return fmt.Errorf("seed %d: %w", seed, err)
		}
	}
	return nil
}

// meeting is one random shutdown.
type meeting struct {
	*rig
	rng    *rand.Rand
	stages []shutdown.Stage

	wg       sync.WaitGroup
	mu       sync.Mutex
	stopped  map[string]int // calls of stop, by stage/name
	accepted map[string]bool
	faults   []error
}

func (m *meeting) fault(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults = append(m.faults, err)
}

// meet lets members and callers meet at random and checks what must hold always.
func meet(ctx context.Context, mk New, seed uint64) error {
	m := &meeting{
		rng:     rand.New(rand.NewPCG(seed, 5)),
		stages:  []shutdown.Stage{{Name: "a"}, {Name: "b"}, {Name: "c"}},
		stopped: make(map[string]int), accepted: make(map[string]bool),
	}
	limit := time.Second // when the last caller comes, at the latest
	for i := range m.stages {
		m.stages[i].Timeout = time.Duration(1+m.rng.IntN(10)) * time.Second
		limit += m.stages[i].Timeout + Slack
	}
	m.rig = newRig(mk, m.stages...)
	for i := range m.rng.IntN(30) {
		m.member(fmt.Sprint(i))
	}
	for range 1 + m.rng.IntN(4) {
		m.caller(ctx)
	}
	time.Sleep(limit)
	if !closed(m.Done()) {
		m.fault(fmt.Errorf("not done after %v", limit))
	}
	report, _ := m.shutdown(ctx)
	m.wg.Wait()
	m.close()
	return m.verdict(report)
}

// member adds, now or later, a member that fails, obeys, ignores, or takes its time.
func (m *meeting) member(name string) {
	kind, takes := m.rng.IntN(5), time.Duration(m.rng.IntN(12_000))*time.Millisecond
	at := time.Duration(max(0, m.rng.IntN(20_000)-10_000)) * time.Millisecond
	stage := m.stages[m.rng.IntN(len(m.stages))].Name
	stop := func(ctx context.Context) error {
		m.mu.Lock()
		m.stopped[stage+"/"+name]++
		m.mu.Unlock()
		switch kind {
		case 0:
			return errors.New("oops")
		case 1:
			select {
			case <-ctx.Done():
			case <-m.over:
			}
			return ctx.Err()
		case 2:
			<-m.over
		default:
			time.Sleep(takes)
		}
		return nil
	}
	m.wg.Go(func() {
		time.Sleep(at)
		err := m.Add(stage, name, stop)
		m.mu.Lock()
		defer m.mu.Unlock()
		switch {
		case err == nil:
			m.accepted[stage+"/"+name] = true
		case !errors.Is(err, shutdown.ErrStageBegun):
			m.faults = append(m.faults, fmt.Errorf("add: %w", err))
		}
	})
}

// caller asks for the shutdown with some patience, and calls Fatal.
func (m *meeting) caller(ctx context.Context) {
	at := time.Duration(m.rng.IntN(1000)) * time.Millisecond
	patience := time.Duration(m.rng.IntN(15_000)) * time.Millisecond
	m.wg.Go(func() {
		time.Sleep(at)
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		began := time.Now()
		_, _ = m.Shutdown(ctx, nil)
		if took := time.Since(began); took > patience {
			m.fault(fmt.Errorf("a caller with %v of patience was kept for %v", patience, took))
		}
		m.Fatal(errors.New("boom"))
	})
}

// verdict compares the report with what the members saw.
func (m *meeting) verdict(report shutdown.Report) error {
	for _, s := range report.Stages {
		for _, member := range s.Members {
			name := s.Name + "/" + member.Name
			if member.Outcome == shutdown.Pending || !m.accepted[name] {
				m.fault(fmt.Errorf("%s is %s in the report, accepted %t",
					name, member.Outcome, m.accepted[name]))
			}
			delete(m.accepted, name)
			if n := m.stopped[name]; n != 1 {
				m.fault(fmt.Errorf("%s was stopped %d times, want once", name, n))
			}
		}
	}
	for name := range m.accepted {
		m.fault(fmt.Errorf("%s was accepted and is not in the report", name))
	}
	if len(m.faults) > 5 {
		m.faults = m.faults[:5]
	}
	return errors.Join(m.faults...)
}
