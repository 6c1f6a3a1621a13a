package gopsutil

import (
	"errors"
	"fmt"
	"time"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/mem"

	"github.com/mainspring-go/mainspring/slots"
)

// Sampler is a [slots.Sampler] that reads the machine as a whole by gopsutil. Its zero value is
// ready for use, and safe for concurrent use.
type Sampler struct{}

// Read implements [slots.Sampler].
func (Sampler) Read() (slots.Reading, error) {
	memory, err := mem.VirtualMemory()
	if err != nil {
		return slots.Reading{}, fmt.Errorf("gopsutil: memory: %w", err)
	}
	times, err := cpu.Times(false)
	if err != nil {
		return slots.Reading{}, fmt.Errorf("gopsutil: CPU times: %w", err)
	}
	if len(times) == 0 {
		return slots.Reading{}, errors.New("gopsutil: CPU times: there are none")
	}
	cpus, err := cpu.Counts(true)
	if err != nil {
		return slots.Reading{}, fmt.Errorf("gopsutil: number of CPUs: %w", err)
	}
	t := times[0]
	// Guests count as user time already; waiting for input is not being busy.
	busy := t.User + t.System + t.Nice + t.Irq + t.Softirq + t.Steal
	return slots.Reading{
		MemoryUsed:  memory.Total - min(memory.Available, memory.Total),
		MemoryLimit: memory.Total,
		CPUTime:     time.Duration(busy * float64(time.Second)),
		CPUs:        float64(cpus),
	}, nil
}
