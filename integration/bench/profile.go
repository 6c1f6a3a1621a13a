package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
)

// profiles say where to write those of a process; what is empty is not written.
type profiles struct {
	cpu    string
	allocs string // of all allocations, which takes time: not together with the other one
}

// of returns those of one contestant for what a row measures. Only Mainspring has any, and the
// honest floor, beside which they can be read.
func (p profiles) of(name, what string) profiles {
	if name != contestant.Mainspring && name != contestant.Honest {
		return profiles{}
	}
	named := func(prefix string) string {
		if prefix == "" {
			return ""
		}
		return fmt.Sprintf("%s-%s-%s.prof", prefix, what, name)
	}
	return profiles{cpu: named(p.cpu), allocs: named(p.allocs)}
}

// start profiles this process until stop is called.
func (p profiles) start() (stop func() error, err error) {
	var cpu *os.File
	if p.cpu != "" {
		if cpu, err = os.Create(p.cpu); err != nil {
			return nil, err
		}
		if err := pprof.StartCPUProfile(cpu); err != nil {
			return nil, err
		}
	}
	if p.allocs != "" {
		runtime.MemProfileRate = 1
	}
	return func() (err error) {
		if p.cpu != "" {
			pprof.StopCPUProfile()
			err = cpu.Close()
		}
		if p.allocs != "" {
			err = errors.Join(err, writeAllocs(p.allocs))
		}
		return err
	}, nil
}

func writeAllocs(name string) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	runtime.GC() // what was allocated since the last one is not counted yet
	return errors.Join(pprof.Lookup("allocs").WriteTo(file, 0), file.Close())
}
