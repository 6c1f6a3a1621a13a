package engine

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/mainspring-go/mainspring/sandbox/engine/abi"
	"github.com/mainspring-go/mainspring/sandbox/engine/internal/wasm"
)

// What a guest exports.
const (
	exportInitialize = "_initialize"
	exportABI        = "mainspring_abi"
	exportWarm       = "mainspring_warm"
	exportRandom     = "mainspring_random"
	exportBuffer     = "mainspring_buffer"
	exportCall       = "mainspring_call"
)

// initTime is how long a guest may take to initialise and to warm itself. It happens once, and is
// beyond what a call may take.
const initTime = time.Minute

func exports() []string {
	return []string{exportInitialize, exportABI, exportWarm, exportRandom, exportBuffer, exportCall}
}

// A Mode is how instances get their memory.
type Mode string

const (
	// Mapped instances share the pages of the snapshot that they do not write.
	Mapped Mode = "mapped"
	// Copied instances have a copy of the snapshot: what is done where memory cannot be mapped.
	Copied Mode = "copied"
	// Fresh instances are initialised each by itself, as StartFresh asks.
	Fresh Mode = "fresh"
)

// A Module is a compiled guest. It is safe for concurrent use.
type Module struct {
	options  Options
	prepared *wasm.Prepared
	runtime  wazero.Runtime
	cache    wazero.CompilationCache // nil without Options.CacheDir
	slots    *slots

	mode    Mode
	reason  string
	image   image    // nil when instances are fresh
	globals []uint64 // what those of an instance begin with
	random  int      // where in the image Go's generator of random numbers lies

	closing sync.Once
}

// Compile compiles a guest and, unless each instance shall be fresh, initialises it once. It uses
// all processors for that; ctx's end gives it up.
func Compile(ctx context.Context, file []byte, options Options) (*Module, error) {
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	m := &Module{options: options}
	m.prepared, err = wasm.Prepare(file, wasm.Options{
		// One more than the limit, by which a slot grows to swap.
		MaxPages: uint32(options.MemoryLimit/wasm.PageSize) + 1,
		Yield:    wasm.Import{Module: wasi, Name: "sched_yield"},
		Watched:  watched(),
		Skipped:  skipped(),
	})
	if err != nil {
		return nil, fmt.Errorf("sandbox: read the guest: %w", err)
	}
	if missing := m.prepared.Missing; len(missing) > 0 {
		return nil, fmt.Errorf("sandbox: the guest's Go runtime has no function %s, which must do nothing in a sandbox: "+
			"this engine does not know the version of Go that built it", strings.Join(missing, ", "))
	}
	for _, name := range exports() {
		if !m.prepared.Exports[name] {
			return nil, fmt.Errorf("sandbox: the guest does not export %s: build it with -buildmode=c-shared and have it "+
				"call Serve of package sandbox/engine/abi", name)
		}
	}
	if err := m.compile(ctx); err != nil {
		return nil, errors.Join(err, m.Close(context.WithoutCancel(ctx)))
	}
	m.mode = Fresh
	if options.Start != StartFresh {
		if err := m.snapshot(ctx, sha256.Sum256(file)); err != nil {
			return nil, errors.Join(err, m.Close(context.WithoutCancel(ctx)))
		}
	}
	return m, nil
}

func (m *Module) compile(ctx context.Context) error {
	config := wazero.NewRuntimeConfig().WithDebugInfoEnabled(false)
	if m.options.CacheDir != "" {
		cache, err := wazero.NewCompilationCacheWithDir(m.options.CacheDir)
		if err != nil {
			return fmt.Errorf("sandbox: Options.CacheDir: %w", err)
		}
		m.cache = cache
		config = config.WithCompilationCache(cache)
	}
	m.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	if err := buildWorld(ctx, m.runtime, m.prepared.Imports); err != nil {
		return err
	}
	code, err := m.runtime.CompileModule(
		experimental.WithCompilationWorkers(ctx, runtime.GOMAXPROCS(0)), m.prepared.File)
	if err != nil {
		return fmt.Errorf("sandbox: compile the guest: %w", err)
	}
	m.prepared.File = nil
	m.slots = newSlots(runtime.GOMAXPROCS(0), func() (*slot, error) { return newSlot(m.runtime, code, m.prepared) })
	return nil
}

// snapshot initialises one instance, and makes an image of its memory.
func (m *Module) snapshot(ctx context.Context, seed [32]byte) error {
	i, err := m.fresh(ctx, Host{Random: rand.NewChaCha8(seed)})
	if err != nil {
		return fmt.Errorf("sandbox: initialise the guest: %w", err)
	}
	defer i.Close()
	err = i.run(ctx, max(initTime, m.options.MaxCallTime), func(s *slot) (err error) {
		m.random, err = generator(s, i)
		return err
	})
	if err != nil {
		return fmt.Errorf("sandbox: draw random numbers: %w", err)
	}
	if m.random == 0 {
		return errors.New("sandbox: the random generator of the guest's Go runtime is not where it is looked for, so that " +
			"all instances would draw the same numbers: this engine does not know the version of Go that built it; " +
			"Options.Start of StartFresh works without")
	}
	m.globals = slices.Clone(i.globals)
	content, limit := i.memory.bytes(), m.options.MemoryLimit
	initial := m.prepared.Initial()
	m.prepared.Data = nil
	if m.options.Start == StartSnapshot {
		if m.image, err = m.options.mapped(content, initial, limit); err == nil {
			m.mode = Mapped
			return nil
		}
		m.reason = err.Error()
	}
	m.mode, m.image = Copied, copied{limit: limit, content: slices.Clone(content)}
	return nil
}

// fresh makes an instance and initialises it.
func (m *Module) fresh(ctx context.Context, host Host) (*Instance, error) {
	memory := &heap{limit: m.options.MemoryLimit}
	if !memory.grow(uint64(m.prepared.Pages) * wasm.PageSize) {
		return nil, &MemoryError{m.options.MemoryLimit}
	}
	for _, d := range m.prepared.Data {
		copy(memory.b[d.Offset:], d.Bytes)
	}
	globals := make([]uint64, len(m.prepared.Globals))
	for g := range globals {
		globals[g] = m.prepared.Globals[g].Bits
	}
	i := m.instance(host, memory, globals)
	err := i.run(ctx, max(initTime, m.options.MaxCallTime), func(s *slot) error {
		if _, err := s.call(exportInitialize); err != nil {
			return err
		}
		version, err := s.call(exportABI)
		if err != nil {
			return err
		}
		if version == 0 {
			return errors.New("it serves nothing: call Serve of package sandbox/engine/abi while packages are initialised")
		}
		if version != abi.Version {
			return fmt.Errorf("it speaks version %d of package sandbox/engine/abi, the host %d: build it anew",
				version, abi.Version)
		}
		_, err = s.call(exportWarm)
		return err
	})
	i.started = true
	return i, err
}

func (m *Module) instance(host Host, memory memory, globals []uint64) *Instance {
	return &Instance{module: m, host: host, memory: memory, globals: globals, output: output{log: host.Log}}
}

// Start makes an instance. It must be closed.
func (m *Module) Start(ctx context.Context, host Host) (*Instance, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if m.slots.isClosed() {
		return nil, ErrClosed
	}
	if m.image == nil {
		return m.fresh(ctx, host)
	}
	memory, err := m.image.open()
	if err != nil {
		return nil, err
	}
	if host.Random != nil {
		if err := reseed(memory.bytes(), m.random, host.Random); err != nil {
			memory.free()
			return nil, err
		}
	}
	i := m.instance(host, memory, slices.Clone(m.globals))
	i.started = true
	return i, nil
}

// Mode says how instances get their memory, and why it is not mapped if it should be.
func (m *Module) Mode() (mode Mode, reason string) { return m.mode, m.reason }

// Close waits for the calls that run, and drops the compiled code. Calls that come later return
// ErrClosed. Instances keep their memory until they are closed themselves.
func (m *Module) Close(ctx context.Context) error {
	var err error
	m.closing.Do(func() {
		if m.slots != nil {
			m.slots.close()
		}
		if m.runtime != nil {
			err = m.runtime.Close(ctx)
		}
		if m.cache != nil {
			err = errors.Join(err, m.cache.Close(ctx))
		}
		if m.image != nil {
			err = errors.Join(err, m.image.close())
		}
	})
	return err
}
