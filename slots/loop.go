package slots

import "time"

// A Loop is the settings of one control loop of a [Controller]: a PID controller, whose output is
//
//	P·error + I·∫error dt - D·dusage/dt
//
// with error = target - usage and time in seconds. The zero Loop stands for the defaults.
type Loop struct {
	// P is how much of the error is in the output. The default is 5.
	P float64
	// I is how much of the error's sum over time is. What it adds stays between -1 and 1. The
	// default is 0.
	I float64
	// D is how much a rise in usage takes off, per second. The default is 1.
	D float64
	// Threshold is what the output has to be above for permits to be issued. With a steady usage
	// and no I that means a usage below target - Threshold/P. The default is 0.25 for memory, so
	// 0.05 below the target, and 0.05 for the CPU, so 0.01 below.
	Threshold float64
}

// maxStep is the longest time over which an error is summed up: nobody knows what it was in between
// when nobody asked for a permit for long.
const maxStep = time.Second

// loop is a Loop at work. It is fed by readings, not by callers: how many they are and how often
// they ask makes no difference.
type loop struct {
	Loop

	target   float64
	seeded   bool
	last     float64
	integral float64
	output   float64
}

// feed takes the usage, dt after the one before.
func (c *loop) feed(usage float64, dt time.Duration) {
	fault := c.target - usage
	if !c.seeded || dt <= 0 {
		// There is nothing yet to compare with.
		c.seeded, c.last = true, usage
		c.output = c.P*fault + c.integral
		return
	}
	c.integral = min(max(c.integral+c.I*fault*min(dt, maxStep).Seconds(), -1), 1)
	c.output = c.P*fault + c.integral - c.D*(usage-c.last)/dt.Seconds()
	c.last = usage
}

// open says whether permits may be issued.
func (c *loop) open() bool { return c.seeded && c.last <= c.target && c.output > c.Threshold }
