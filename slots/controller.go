package slots

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// ControllerOptions are the options of [NewController].
type ControllerOptions struct {
	// Memory is the part of the memory limit to use, as a fraction: above 0 and at most 1. There
	// is no default; 0.8 is a fair start.
	Memory float64
	// CPU is the part of the CPUs to use, as a fraction: above 0 and at most 1. There is no
	// default; 0.9 is a fair start.
	CPU float64
	// Sampler reads the machine. Nil means a [LinuxSampler]. For other systems there is the module
	// slots/gopsutil.
	Sampler Sampler
	// Interval is the least time between two readings; 0 means 100 ms. Nothing is read while
	// nobody asks for a permit.
	Interval time.Duration
	// MemoryLoop and CPULoop set the control loops.
	MemoryLoop, CPULoop Loop
	// Observers are told of the readings.
	Observers []UsageObserver
}

// A Controller decides, by how much of the machine is in use, whether more tasks may start. It has
// the one sampler and the control loops for as many suppliers as are given it, however often they
// ask: give one Controller to all of a process. It starts no goroutine and is safe for concurrent
// use. Make one with [NewController].
type Controller struct {
	sampler   Sampler
	interval  time.Duration
	observers []UsageObserver

	epoch  time.Time    // what due is counted from: to read how long ago it was costs less than Now
	due    atomic.Int64 // when the next reading may be made
	isOpen atomic.Bool  // usage.Open, for those who only ask that

	mu          sync.Mutex
	reading     bool
	before      Reading
	beforeAt    time.Time // when before was read
	usage       Usage
	memory, cpu loop
}

// NewController returns a controller that has made its first reading, or an [*OptionError], or what
// the sampler says.
func NewController(o ControllerOptions) (*Controller, error) {
	for _, target := range []struct {
		field string
		value float64
	}{{"Memory", o.Memory}, {"CPU", o.CPU}} {
		if err := checkTarget(target.field, target.value); err != nil {
			return nil, err
		}
	}
	if o.Interval != 0 && o.Interval < time.Millisecond {
		return nil, &OptionError{Field: "Interval", Value: o.Interval, Fix: "give 1ms or more, or 0 for 100ms"}
	}
	c := &Controller{
		sampler: o.Sampler, interval: o.Interval, observers: o.Observers, epoch: time.Now(),
	}
	if c.interval == 0 {
		c.interval = 100 * time.Millisecond
	}
	for i, observer := range o.Observers {
		if observer == nil {
			return nil, &OptionError{Field: fmt.Sprintf("Observers[%d]", i), Value: nil, Fix: "leave it out"}
		}
	}
	var err error
	if c.memory, err = newLoop("MemoryLoop", o.MemoryLoop, o.Memory, 0.25); err != nil {
		return nil, err
	}
	if c.cpu, err = newLoop("CPULoop", o.CPULoop, o.CPU, 0.05); err != nil {
		return nil, err
	}
	if c.sampler == nil {
		if c.sampler, err = NewLinuxSampler(LinuxOptions{}); err != nil {
			return nil, err
		}
	}
	c.refresh()
	if err := c.Usage().Err; err != nil {
		return nil, err
	}
	return c, nil
}

func checkTarget(field string, v float64) error {
	if v > 0 && v <= 1 {
		return nil
	}
	fix := "give a fraction above 0 and at most 1, such as 0.8"
	if v > 1 && v <= 100 {
		fix = fmt.Sprintf("give a fraction, not percent: %s", strconv.FormatFloat(v/100, 'g', -1, 64))
	}
	return &OptionError{Field: field, Value: v, Fix: fix}
}

func newLoop(field string, l Loop, target, threshold float64) (loop, error) {
	if l == (Loop{}) {
		l = Loop{P: 5, D: 1, Threshold: threshold}
	}
	for _, v := range []float64{l.P, l.I, l.D, l.Threshold} {
		if !(v >= 0) || math.IsInf(v, 1) {
			return loop{}, &OptionError{Field: field, Value: l, Fix: "give finite numbers of at least 0"}
		}
	}
	if l.P == 0 && l.I == 0 {
		return loop{}, &OptionError{Field: field, Value: l, Fix: "give a P: nothing would ever be issued"}
	}
	return loop{Loop: l, target: target}, nil
}

// Usage returns what the latest readings say. It does not block, and reads nothing: the answer may
// be old when nobody asks for permits.
func (c *Controller) Usage() Usage {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.usage
}

// refresh makes a reading if one is due and nobody else is making one.
func (c *Controller) refresh() {
	if c.left() > 0 {
		return
	}
	c.mu.Lock()
	if c.reading || c.left() > 0 {
		c.mu.Unlock()
		return
	}
	c.reading = true
	c.mu.Unlock()
	r, err := c.read()
	c.mu.Lock()
	c.take(time.Now(), r, err)
	u := c.usage
	c.mu.Unlock()
	for _, observer := range c.observers {
		observer.UsageRead(u)
	}
}

// left is how long it is until the next reading.
func (c *Controller) left() time.Duration {
	return time.Duration(c.due.Load()) - time.Since(c.epoch)
}

// read asks the sampler and checks what it says.
func (c *Controller) read() (Reading, error) {
	done := false
	defer func() {
		if !done { // it panicked: the next may try again
			c.mu.Lock()
			c.reading = false
			c.mu.Unlock()
		}
	}()
	r, err := c.sampler.Read()
	done = true
	switch {
	case err != nil:
		return Reading{}, fmt.Errorf("slots: read the machine: %w", err)
	case r.MemoryLimit == 0:
		return Reading{}, errors.New("slots: read the machine: the sampler knows no MemoryLimit")
	case !(r.CPUs > 0) || math.IsInf(r.CPUs, 1):
		return Reading{}, fmt.Errorf("slots: read the machine: the sampler says CPUs is %v", r.CPUs)
	}
	return r, nil
}

// take makes of the reading what there is to know. The caller holds c.mu.
func (c *Controller) take(now time.Time, r Reading, err error) {
	c.reading = false
	c.due.Store(int64(now.Sub(c.epoch) + c.interval))
	defer func() { c.isOpen.Store(c.usage.Open) }()
	c.usage.At, c.usage.Err = now, err
	if err != nil {
		c.usage.Open = false
		return
	}
	dt := now.Sub(c.beforeAt)
	u := &c.usage
	u.Memory = float64(r.MemoryUsed) / float64(r.MemoryLimit)
	if c.beforeAt.IsZero() {
		dt = 0
	}
	c.memory.feed(u.Memory, dt)
	// A counter that went back has begun anew, and one of other CPUs counts something else: it says
	// nothing yet.
	if dt > 0 && r.CPUTime >= c.before.CPUTime && r.CPUs == c.before.CPUs {
		u.CPU = (r.CPUTime - c.before.CPUTime).Seconds() / (dt.Seconds() * r.CPUs)
		c.cpu.feed(u.CPU, dt)
	}
	c.before, c.beforeAt = r, now
	u.MemoryOutput, u.CPUOutput = c.memory.output, c.cpu.output
	u.Open = c.memory.open() && c.cpu.open()
}

// open says whether permits beyond the minimum may be issued.
func (c *Controller) open() bool { return c.isOpen.Load() }

// again is when a new reading may change the answer.
func (c *Controller) again() time.Duration {
	// When one is under way its result is near, but a slow one is not to be waited for in a spin.
	return max(c.left(), c.interval/10, time.Microsecond)
}
