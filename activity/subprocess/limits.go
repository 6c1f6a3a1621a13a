package subprocess

import (
	"fmt"
	"time"

	"github.com/mainspring-go/mainspring/temporal/settings"
)

// Limits bound what one child may use. They are set in the child before it takes a call, by
// setrlimit(2). The zero value bounds nothing.
type Limits struct {
	// Memory is how many bytes of memory a child may allocate (RLIMIT_DATA): its heap, stacks and
	// what C libraries allocate, not files that are mapped and not what is only reserved. The Go
	// runtime of a child is told nine tenths of it, so that it collects garbage in time. A
	// child that wants more dies, and its activity fails. At least 64 MiB. Linux only.
	Memory uint64
	// AddressSpace is how many bytes of address space a child may have (RLIMIT_AS). A Go program
	// reserves far more than it uses, a gigabyte and more: Memory is what most want. At least
	// 256 MiB.
	AddressSpace uint64
	// CPU is how much processor time one call may use, of all threads together (RLIMIT_CPU). A
	// child that has used it up says so and ends, and its activity fails. Whole seconds, at
	// least one.
	CPU time.Duration
}

const (
	leastMemory       = 64 << 20
	leastAddressSpace = 256 << 20
)

// check says what is wrong with the limits, also what this system does not have.
func (l *Limits) check(c *settings.Check) {
	switch {
	case l.Memory > 0 && !limitsMemory:
		c.Add("Limits.Memory", inBytes(l.Memory), "leave it out, only Linux can see to it, or use AddressSpace")
	case l.Memory > 0 && l.Memory < leastMemory:
		c.Add("Limits.Memory", inBytes(l.Memory), leastOf(leastMemory))
	}
	if l.AddressSpace > 0 && l.AddressSpace < leastAddressSpace {
		c.Add("Limits.AddressSpace", inBytes(l.AddressSpace), leastOf(leastAddressSpace))
	}
	if l.CPU < 0 || l.CPU%time.Second != 0 {
		c.Add("Limits.CPU", l.CPU, "use zero for no limit or whole seconds")
	}
}

func leastOf(n uint64) string {
	return fmt.Sprintf("use zero for no limit or %d at least, which a child needs", n)
}

// cpuExit is the exit status of a child that has used up its processor time.
const cpuExit = 152 // what a shell says of a program that SIGXCPU ended
