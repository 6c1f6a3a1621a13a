package slots

import "time"

// A Sampler reads how much of the machine is in use. A [Controller] has one and never calls it
// twice at the same time.
type Sampler interface {
	// Read reads the machine. It runs in a caller of Reserve, so it must be quick.
	Read() (Reading, error)
}

// A Reading is the state of the machine, or of the part of it that the process may use.
type Reading struct {
	// MemoryUsed is the memory in use that the system cannot take back by itself, in bytes: what
	// programs have allocated, not the page cache.
	MemoryUsed uint64
	// MemoryLimit is how much of it there may be, in bytes.
	MemoryLimit uint64
	// CPUTime is how long the CPUs have been busy, summed over all of them, since some fixed
	// moment. Two readings make a rate.
	CPUTime time.Duration
	// CPUs is how many CPUs may be busy at once, fractions included: 0.5 under a quota of half a
	// CPU.
	CPUs float64
}

// A Usage is what a [Controller] makes of its latest readings.
type Usage struct {
	// Memory is the part of the memory limit that is in use, from 0 to 1 and above.
	Memory float64
	// CPU is the part of the CPUs that has been busy between the last two readings, from 0 to 1 and
	// a little above, by the granularity of the counters.
	CPU float64
	// MemoryOutput and CPUOutput are what the control loops make of them.
	MemoryOutput, CPUOutput float64
	// Open says whether permits beyond the minimum may be issued.
	Open bool
	// At is when the latest reading was made.
	At time.Time
	// Err is why it could not be made; the rest is then that of the last one that could. Permits
	// beyond the minimum are not issued meanwhile.
	Err error
}

// A UsageObserver is told of each reading of a [Controller], by the caller of Reserve that made it
// and outside all locks. It must be quick and must not panic.
type UsageObserver interface {
	UsageRead(u Usage)
}
