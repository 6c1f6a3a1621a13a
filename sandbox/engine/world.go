package engine

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/mainspring-go/mainspring/sandbox/engine/internal/wasm"
)

// wasi is the module from which guests import what they want of their system.
const wasi = "wasi_snapshot_preview1"

// What WASI calls errors.
const (
	errnoNone  = 0
	errnoBadFD = 8
	errnoFault = 21

	errnoNotSupported = 58
)

// guest is how a function of the host sees who calls it.
type guest struct {
	*Instance
	slot *slot
	args []uint64
}

func (g guest) u32(i int) uint32 { return uint32(g.args[i]) }

// put writes numbers of 4 bytes.
func (g guest) put(at uint32, values ...uint32) uint64 {
	for i, v := range values {
		if !g.slot.module.Memory().WriteUint32Le(at+4*uint32(i), v) {
			return errnoFault
		}
	}
	return errnoNone
}

// world are the functions that a guest may call. What is imported and not here is refused.
func world() map[string]func(guest) uint64 {
	none := func(guest) uint64 { return errnoNone }
	badFD := func(guest) uint64 { return errnoBadFD }
	return map[string]func(guest) uint64{
		"sched_yield":         guest.yield,
		"proc_exit":           guest.exit,
		"clock_time_get":      guest.clock,
		"random_get":          guest.random,
		"fd_write":            guest.write,
		"poll_oneoff":         guest.poll,
		"args_get":            none,
		"args_sizes_get":      func(g guest) uint64 { return g.put(g.u32(0), 0) | g.put(g.u32(1), 0) },
		"environ_get":         guest.environ,
		"environ_sizes_get":   func(g guest) uint64 { return g.put(g.u32(0), 1) | g.put(g.u32(1), uint32(len(environment))) },
		"fd_close":            guest.standard,
		"fd_fdstat_get":       guest.fdstat,
		"fd_fdstat_set_flags": guest.standard,
		// There is no directory, which the runtime asks for when it starts.
		"fd_prestat_get":      badFD,
		"fd_prestat_dir_name": badFD,
	}
}

// buildWorld makes the host's module, with all that the guest imports.
func buildWorld(ctx context.Context, r wazero.Runtime, imports []wasm.Import) error {
	known := world()
	builder := r.NewHostModuleBuilder(wasi)
	for _, i := range imports {
		if i.Module != wasi {
			return fmt.Errorf("sandbox: the guest imports %s of %q: it may import of %s only", i.Name, i.Module, wasi)
		}
		call := known[i.Name]
		if call == nil {
			call = func(g guest) uint64 { return g.refuse(i.Name) }
		}
		fn := func(ctx context.Context, _ api.Module, stack []uint64) {
			s := slotOf(ctx)
			result := call(guest{s.instance, s, stack})
			if len(stack) > 0 {
				stack[0] = result
			}
		}
		builder.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(fn), i.Params, i.Results).Export(i.Name)
	}
	_, err := builder.Instantiate(ctx)
	return err
}

// yield is called by loops when their slice is used up, by functions that are watched when they are
// entered, and by Go's runtime.
func (g guest) yield() uint64 {
	count := int32(uint32(g.slot.count.Get()))
	g.slot.count.Set(slice)
	if count < 0 {
		g.entered(int(-1 - count))
		return errnoNone
	}
	g.look()
	return errnoNone
}

// look ends a call whose time is over. Functions of the host that take long do so too.
func (g guest) look() {
	if now := time.Now(); now.After(g.deadline) {
		g.fail(&StuckError{After: g.limit})
	}
	if err := g.ctx.Err(); err != nil {
		g.fail(fmt.Errorf("sandbox: the call was given up: %w", err))
	}
}

// lookEvery is how much they do before they look again, in bytes.
const lookEvery = 64 << 10

// exit ends the program. Go's runtime does that when it panics, too, and has then said why.
func (g guest) exit() uint64 {
	g.fail(g.fate(g.u32(0)))
	return errnoNone
}

// environment is for Go's runtime, which reads it when it starts. Stacks that have grown are to
// stay as they are: copying them back and forth costs more than they do.
const environment = "GODEBUG=gcshrinkstackoff=1\x00"

func (g guest) environ() uint64 {
	at := g.u32(1)
	if !g.slot.module.Memory().WriteString(at, environment) {
		return errnoFault
	}
	return g.put(g.u32(0), at)
}

func (g guest) clock() uint64 {
	const realtime = 0
	t := g.now()
	if g.u32(0) != realtime {
		t = max(t, g.latest, 1) // Go's runtime does not start at nought.
		g.latest = t
	}
	if !g.slot.module.Memory().WriteUint64Le(g.u32(2), uint64(t)) {
		return errnoFault
	}
	return errnoNone
}

// now is the host's time in nanoseconds since the start of 1970.
func (i *Instance) now() int64 {
	if i.host.Now == nil {
		return 0
	}
	t := i.host.Now()
	if t.Before(time.Unix(0, 0)) {
		return 0
	}
	if t.After(time.Unix(0, math.MaxInt64)) {
		return math.MaxInt64
	}
	return t.UnixNano()
}

func (g guest) random() uint64 {
	b, ok := g.slot.module.Memory().Read(g.u32(0), g.u32(1))
	if !ok {
		return errnoFault
	}
	if g.host.Random == nil && !g.started {
		return errnoNotSupported // Go's runtime makes do with the time.
	}
	if g.host.Random == nil {
		g.fail(&ForbiddenError{Call: "crypto/rand", Reason: "this host gives no random numbers"})
	}
	for len(b) > 0 {
		g.look()
		n, err := g.host.Random.Read(b[:min(len(b), lookEvery)])
		if err != nil && n == 0 {
			g.fail(fmt.Errorf("sandbox: the random numbers of the host: %w", err))
		}
		b = b[n:]
	}
	return errnoNone
}

// standard answers for what may be asked of the standard streams only.
func (g guest) standard() uint64 {
	if g.u32(0) > 2 {
		return errnoBadFD
	}
	return errnoNone
}

func (g guest) fdstat() uint64 {
	if g.u32(0) > 2 {
		return errnoBadFD
	}
	const characterDevice = 2
	return g.put(g.u32(1), characterDevice, 0, 0, 0, 0, 0)
}

func (g guest) write() uint64 {
	fd, vectors, n := g.u32(0), g.u32(1), g.u32(2)
	if fd != 1 && fd != 2 {
		return g.refuse("fd_write")
	}
	mem := g.slot.module.Memory()
	var total uint32
	for i := range n {
		at, ok := mem.ReadUint32Le(vectors + 8*i)
		size, ok2 := mem.ReadUint32Le(vectors + 8*i + 4)
		b, ok3 := mem.Read(at, size)
		if !ok || !ok2 || !ok3 {
			return errnoFault
		}
		for g.look(); len(b) > 0; g.look() {
			n := min(len(b), lookEvery)
			g.output.write(b[:n])
			b = b[n:]
		}
		total += size
	}
	return g.put(g.u32(3), total)
}

// poll is how Go's runtime looks for what is ready, and how it sleeps until a timer when
// nothing can run.
func (g guest) poll() uint64 {
	const clock = 0
	in, out, n := g.u32(0), g.u32(1), g.u32(2)
	mem := g.slot.module.Memory()
	subscription, ok := mem.Read(in, 48)
	if !ok {
		return errnoFault
	}
	if n != 1 || subscription[8] != clock {
		return g.refuse("poll_oneoff")
	}
	if timeout := binary.LittleEndian.Uint64(subscription[24:]); timeout > 0 {
		g.fail(&ForbiddenError{
			Call:   "waiting for a timer of package time",
			Detail: time.Duration(min(timeout, math.MaxInt64)).String(),
			Reason: "time passes between calls only; in a workflow use workflow.Sleep or workflow.NewTimer",
		})
	}
	event := make([]byte, 32)
	copy(event, subscription[:8])
	if !mem.Write(out, event) {
		return errnoFault
	}
	return g.put(g.u32(3), 1)
}

// fail ends the call with the error: Go's way out of WebAssembly is a panic, which wazero
// recovers at the entry.
func (i *Instance) fail(err error) {
	i.fault = err
	panic(err) //nolint:forbidigo // see above.
}

// output keeps what the guest writes.
type output struct {
	log   func(line string)
	line  []byte // begun and not ended
	crash strings.Builder
	tail  []string
}

const (
	maxLine  = 16 << 10 // longer ones are logged in pieces
	maxCrash = 8 << 10
	maxTail  = 20 // lines
)

func (o *output) write(b []byte) {
	for _, c := range b {
		if c != '\n' {
			o.line = append(o.line, c)
		}
		if c == '\n' || len(o.line) >= maxLine {
			o.flush()
		}
	}
}

// flush ends the line.
func (o *output) flush() {
	line := string(o.line)
	o.line = o.line[:0]
	if o.log != nil {
		o.log(line)
	}
	if o.crash.Len() > 0 || strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
		if o.crash.Len()+len(line) < maxCrash {
			o.crash.WriteString(line + "\n")
		}
		return
	}
	if len(o.tail) == maxTail {
		o.tail = o.tail[1:]
	}
	o.tail = append(o.tail, line)
}

// end is called after each call: what was said then is no crash.
func (o *output) end() {
	if len(o.line) > 0 {
		o.flush()
	}
	o.crash.Reset()
	o.tail = nil
}
