package subprocess

import (
	"errors"
	"log/slog"
	"time"
)

// keeper keeps one place of an executor: there is a child in it, warm, and when that ends another.
type keeper struct {
	pool  *pool
	pause time.Duration // before the next start, after one that failed or did not last
}

// How long a keeper waits before it starts a child again. One that lasts takes the pause away.
const (
	firstPause  = 100 * time.Millisecond
	longestWait = 5 * time.Second
	lasting     = time.Second
)

// keep runs until the executor is closed or broken. A child that runs a call ends it first.
func (k *keeper) keep() {
	e := k.pool
	for k.wait() {
		p, err := start(e)
		if errors.Is(err, ErrClosed) {
			return
		}
		if err != nil {
			e.startFailed(err)
			k.slow()
			continue
		}
		e.started()
		k.serve(p)
	}
}

// wait waits for the pause, and says whether there is to be another child.
func (k *keeper) wait() bool {
	e := k.pool
	timer := time.NewTimer(k.pause)
	defer timer.Stop()
	select {
	case <-e.closing:
		return false
	case <-e.broken:
		return false
	case <-timer.C:
	}
	return e.Health() == nil
}

func (k *keeper) slow() {
	k.pause = min(longestWait, max(firstPause, 2*k.pause))
}

// serve gives the child calls until one of the two ends, and then has it ended.
func (k *keeper) serve(p *process) {
	e := k.pool
	e.enter(p)
	defer p.end()
	defer e.leave(p)
	began, tasks := time.Now(), 0
	for {
		select {
		case <-e.closing:
			return
		case <-e.broken:
			return
		case <-p.dead:
			k.lost(p, began, tasks)
			return
		case j := <-e.jobs:
			if p.isDead() { // both were so: the child that is gone must not cost a call
				k.lost(p, began, tasks)
				k.pass(j)
				return
			}
			e.counts.busy.Add(1)
			j.result, j.err = e.carry(p, j)
			e.counts.busy.Add(-1)
			tasks++
			worn, spent := k.worn(p, tasks), p.isSpent()
			close(j.done)
			switch {
			case spent:
				p.end() // it may have taken SIGTERM for a word, and have answered
				k.lost(p, began, tasks)
				return
			case worn:
				e.counts.recycled.Add(1)
				k.pause = 0
				return
			}
		}
	}
}

// pass starts another child for a call that has been taken.
func (k *keeper) pass(j *job) {
	e := k.pool
	go func() {
		defer close(j.done)
		j.result, j.err = e.execute(j.ctx, j.call, j.manager)
	}()
}

// lost notes that a child has ended by itself.
func (k *keeper) lost(p *process, began time.Time, tasks int) {
	e := k.pool
	e.counts.lost.Add(1)
	k.pause = 0
	if tasks == 0 && time.Since(began) < lasting {
		k.slow()
	}
	e.options.Logger.Warn("a child process for activities has ended",
		slog.Int("pid", p.pid), slog.String("state", p.state), slog.String("stderr", p.tail.String()))
}

// worn says whether another child is to take the place.
func (k *keeper) worn(p *process, tasks int) bool {
	o := &k.pool.options
	if o.MaxTasks > 0 && tasks >= o.MaxTasks {
		return true
	}
	if o.MaxRSS == 0 || p.isSpent() {
		return false
	}
	rss, err := residentSet(p.pid)
	return err == nil && rss > o.MaxRSS
}
