package calls

import (
	"maps"
	"sync"
)

// Counter counts the calls that interceptors see.
type Counter struct {
	mu sync.Mutex
	n  map[string]int
}

// Saw counts a call.
func (c *Counter) Saw(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = make(map[string]int)
	}
	c.n[name]++
}

// Counts are all so far.
func (c *Counter) Counts() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.n)
}
