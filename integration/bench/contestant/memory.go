package contestant

import (
	"runtime"

	"github.com/mainspring-go/mainspring/integration/bench/idle"
)

// A Footprint is the memory that a process has, in bytes.
type Footprint struct {
	// Busy is what is resident before anything was collected; zero where the system does not say.
	Busy float64 `json:"busy"`
	// Usage is what is there after a collection.
	idle.Usage
	// Goroutines is how many there are.
	Goroutines int `json:"goroutines"`
}

func measureMemory() Footprint {
	busy := idle.Resident()
	return Footprint{Busy: busy, Usage: idle.Read(), Goroutines: runtime.NumGoroutine()}
}
