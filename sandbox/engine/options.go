package engine

import (
	"fmt"
	"io"
	"time"

	"github.com/mainspring-go/mainspring/sandbox/engine/internal/wasm"
)

// Start says what instances begin with.
type Start int

const (
	// StartSnapshot initialises a guest once, and has all instances begin with what its memory
	// then held. What it reads of clock and random numbers while it is initialised is the same in
	// every process.
	StartSnapshot Start = iota
	// StartCopied is StartSnapshot with a copy for each instance, which is what the former comes
	// to where memory cannot be mapped. It takes no mapping of the process, of which
	// vm.max_map_count allows only so many.
	StartCopied
	// StartFresh initialises each instance by itself, which takes milliseconds and megabytes. It
	// is for guests whose packages must see the run's own clock and random numbers when they are
	// initialised.
	StartFresh
)

// Options are what guests run with. The zero value is good.
type Options struct {
	// MemoryLimit is how much memory an instance may have, in bytes, from 1 MiB to 4 GiB. The
	// default is 64 MiB. It counts what the guest's Go runtime takes from its system, code and
	// stacks not.
	MemoryLimit uint64
	// MaxCallTime is how long one call may run before it is called stuck. The default is a second.
	MaxCallTime time.Duration
	// Start says what instances begin with. The default is StartSnapshot.
	Start Start
	// CacheDir is a directory for compiled code, which is made when it is not there. A guest of ten
	// megabytes takes seconds to compile and a fraction of that to load. The default is none.
	CacheDir string

	unmapped error // why memory cannot be mapped, in tests
}

// mapped makes an image that is mapped.
func (o Options) mapped(content, initial []byte, limit uint64) (image, error) {
	if o.unmapped != nil {
		return nil, o.unmapped
	}
	return newMapped(content, initial, limit)
}

const (
	defaultMemoryLimit = 64 << 20
	minMemoryLimit     = 1 << 20
	maxMemoryLimit     = 1<<32 - wasm.PageSize // one page is needed to swap memories
	defaultCallTime    = time.Second
)

// complete fills in defaults, and says which option is wrong.
func (o Options) complete() (Options, error) {
	if o.MemoryLimit == 0 {
		o.MemoryLimit = defaultMemoryLimit
	}
	if o.MaxCallTime == 0 {
		o.MaxCallTime = defaultCallTime
	}
	switch {
	case o.MemoryLimit < minMemoryLimit || o.MemoryLimit > 1<<32:
		return o, fmt.Errorf("sandbox: Options.MemoryLimit is %d bytes: want 1 MiB to 4 GiB", o.MemoryLimit)
	case o.MaxCallTime < 0:
		return o, fmt.Errorf("sandbox: Options.MaxCallTime is %v: want more than 0, or 0 for %v",
			o.MaxCallTime, defaultCallTime)
	case o.Start < StartSnapshot || o.Start > StartFresh:
		return o, fmt.Errorf("sandbox: Options.Start is %d: want StartSnapshot, StartCopied or StartFresh", o.Start)
	}
	o.MemoryLimit = min(o.MemoryLimit, maxMemoryLimit) &^ (wasm.PageSize - 1)
	return o, nil
}

// A Host is what an instance sees of the world. Its functions are called by who calls the
// instance, never by two at once.
type Host struct {
	// Now is the time of both of the guest's clocks. Without it, it is always the start of 1970,
	// as are times before. A time that is earlier than one before is taken for that by the clock
	// that must not go back, the one that time.Since uses.
	Now func() time.Time
	// Random is where random numbers come from, those of crypto/rand and, for an instance, the
	// state of math/rand. Without it reading them is forbidden.
	Random io.Reader
	// Log takes what the guest writes to standard output and error, line by line, without the
	// line's end. Without it that is dropped.
	Log func(line string)
}
