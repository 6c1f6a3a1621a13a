package engine

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/mainspring-go/mainspring/sandbox/engine/internal/wasm"
)

// slice is how many loops run before the host gets the processor back, about a tenth of a
// millisecond. The host's own garbage collector waits for that.
const slice = 20_000

// slot is a wazero instance that lends its code to one instance of ours at a time: it gets that
// one's memory and globals for a call. What costs much per wazero instance, above all the table
// of functions, is so paid once per processor, and not once per run.
type slot struct {
	module  api.Module
	window  *window
	ctx     context.Context //nolint:containedctx // carries the slot to the host's functions.
	globals []api.MutableGlobal
	count   api.MutableGlobal // the last of globals: how many loops are left of the slice
	calls   map[string]api.Function

	instance *Instance // whose memory it has
}

type slotKey struct{}

// slotOf returns the slot in which a host function is called.
func slotOf(ctx context.Context) *slot {
	s, _ := ctx.Value(slotKey{}).(*slot)
	return s
}

// window is the linear memory that wazero sees: that of the instance in the slot, or none.
type window struct {
	memory   memory
	swapping bool
}

// Reallocate is called when memory grows. A slot that swaps grows it by a page
// to have another put in its place.
func (w *window) Reallocate(size uint64) []byte {
	switch {
	case w.memory == nil:
		return []byte{}
	case w.swapping:
		return w.memory.bytes()
	case !w.memory.grow(size):
		return nil
	}
	return w.memory.bytes()
}

// Free is part of experimental.LinearMemory. Memories belong to instances.
func (*window) Free() {}

func newSlot(r wazero.Runtime, code wazero.CompiledModule, p *wasm.Prepared) (*slot, error) {
	s := &slot{window: &window{}, calls: map[string]api.Function{}}
	s.ctx = context.WithValue(context.Background(), slotKey{}, s)
	allocate := experimental.MemoryAllocatorFunc(func(_, _ uint64) experimental.LinearMemory { return s.window })
	module, err := r.InstantiateModule(experimental.WithMemoryAllocator(s.ctx, allocate), code,
		wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		return nil, fmt.Errorf("sandbox: instantiate the guest: %w", err)
	}
	s.module = module
	for i := range p.Globals {
		global, ok := module.ExportedGlobal(wasm.GlobalName(i)).(api.MutableGlobal)
		if !ok {
			return nil, fmt.Errorf("sandbox: global %d of the guest cannot be set", i)
		}
		s.globals = append(s.globals, global)
	}
	s.count = s.globals[len(s.globals)-1]
	for _, name := range exports() {
		s.calls[name] = module.ExportedFunction(name)
	}
	return s, nil
}

// swap puts a memory in place, or takes it away.
func (s *slot) swap(m memory) error {
	s.window.memory, s.window.swapping = m, true
	_, ok := s.module.Memory().Grow(1)
	s.window.swapping = false
	if !ok {
		return fmt.Errorf("sandbox: the memory of an instance cannot be put in place")
	}
	return nil
}

// enter gives the slot to an instance.
func (s *slot) enter(i *Instance) error {
	s.instance = i
	for g, bits := range i.globals {
		s.globals[g].Set(bits)
	}
	s.count.Set(slice)
	return s.swap(i.memory)
}

// leave takes the slot away from its instance again.
func (s *slot) leave() error {
	for g := range s.instance.globals {
		s.instance.globals[g] = s.globals[g].Get()
	}
	s.instance = nil
	return s.swap(nil)
}

// call calls an export of the guest in the slot.
func (s *slot) call(name string, params ...uint64) (uint64, error) {
	results, err := s.calls[name].Call(s.ctx, params...)
	if err != nil || len(results) == 0 {
		return 0, err
	}
	return results[0], nil
}

// close drops the wazero instance.
func (s *slot) close() { _ = s.module.Close(s.ctx) }

// slots are those of a module. There are as many as can run at once, and callers wait for one.
type slots struct {
	make   func() (*slot, error)
	free   chan *slot // nil for one that is yet to be made
	closed chan struct{}
}

func newSlots(n int, mk func() (*slot, error)) *slots {
	p := &slots{make: mk, free: make(chan *slot, n), closed: make(chan struct{})}
	for range n {
		p.free <- nil
	}
	return p
}

// take waits for a slot. Nobody gets one who has given up, though one be free.
func (p *slots) take(ctx context.Context) (*slot, error) {
	if p.isClosed() {
		return nil, ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case s := <-p.free:
		if s != nil {
			return s, nil
		}
		s, err := p.make()
		if err != nil {
			p.free <- nil
		}
		return s, err
	case <-p.closed:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// give returns a slot. One in which a call failed is dropped.
func (p *slots) give(s *slot, failed bool) {
	if failed {
		s.close()
		s = nil
	}
	p.free <- s
}

func (p *slots) isClosed() bool {
	select {
	case <-p.closed:
		return true
	default:
		return false
	}
}

// close takes all slots, so that no call runs when it returns, nor later.
func (p *slots) close() {
	close(p.closed)
	for range cap(p.free) {
		if s := <-p.free; s != nil {
			s.close()
		}
	}
}
