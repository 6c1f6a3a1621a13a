package runner

import (
	"maps"
	"slices"
	"sync"
)

// Choose returns a runner that runs the workflows whose definitions are Unsandboxed by one
// runner, and all others by the other. Instances are those of the two.
func Choose(sandboxed, unsandboxed Runner) Runner {
	return &choice{sandboxed: sandboxed, unsandboxed: unsandboxed, byType: make(map[string]Runner)}
}

type choice struct {
	sandboxed, unsandboxed Runner

	mu      sync.RWMutex
	byType  map[string]Runner
	dynamic Runner // for all other types; nil if there is none
}

// Prepare implements [Runner].
func (c *choice) Prepare(def Definition) error {
	by := c.sandboxed
	if def.Unsandboxed {
		by = c.unsandboxed
	}
	if err := by.Prepare(def); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if def.Dynamic {
		c.dynamic = by
	} else {
		c.byType[def.Type] = by
	}
	return nil
}

// NewInstance implements [Runner].
func (c *choice) NewInstance(d Details) (Instance, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	by, ok := c.byType[d.WorkflowType]
	if !ok {
		by = c.dynamic
	}
	if by == nil {
		return nil, &UnknownTypeError{Type: d.WorkflowType, Known: slices.Sorted(maps.Keys(c.byType))}
	}
	return by.NewInstance(d)
}
