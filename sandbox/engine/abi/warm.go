package abi

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"unsafe"
)

// Warm runs the warm functions, and puts the heap in order: what an instance allocates later shall
// lie side by side, so that it writes to few pages of memory.
func Warm() {
	run := func() {
		for _, warm := range guest.warm {
			warm()
		}
	}
	run()
	// Twice, since what has a finalizer or lies in a pool survives the first.
	runtime.GC()
	runtime.GC()
	guest.filled = fill()
	debug.SetGCPercent(-1) // collecting would undo what follows
	done := deep()
	runtime.GC()
	done()
	marked := heap(objects)
	// What the collector took away comes back: spans at hand, stacks, and what lies in pools.
	f, small := &filler{kept: make([]any, 0, 1<<14)}, sizes()
	for _, size := range small {
		f.object(size, false)
		f.object(size, true)
	}
	run()
	for _, size := range small {
		f.class(size, false)
		f.align(size)
	}
	guest.filled = append(guest.filled, f.kept...)
	debug.SetGCPercent(int(100*(heap(objects)-marked+growth)/marked + 1))
}

// deep makes the next collection find goroutines that use much of their stacks: those that start
// later get as much at once as these use on average, and need not grow theirs. That of each call of
// the host is a new one, as is that of each coroutine. The function that it returns ends them.
func deep() (done func()) {
	var all sync.WaitGroup
	wait, started := make(chan struct{}), make(chan struct{})
	for range 32 {
		all.Go(func() { wallow(started, wait) })
		<-started
	}
	return func() {
		close(wait)
		all.Wait()
	}
}

// wallow waits with much stack.
//
//go:noinline
func wallow(started chan<- struct{}, wait <-chan struct{}) byte {
	var frame [6 << 10]byte
	started <- struct{}{}
	<-wait
	return frame[len(wait)]
}

// growth is how much an instance allocates before it collects, in bytes: garbage is its own, where
// much of what is live is shared.
const growth = 2 << 20

// What the heap consists of.
const (
	objects = "/memory/classes/heap/objects:bytes"
	unused  = "/memory/classes/heap/unused:bytes" // between objects
	free    = "/memory/classes/heap/free:bytes"
	given   = "/memory/classes/heap/released:bytes" // back to the system, which takes nothing
)

// heap is how much the heap has of something, in bytes. Unlike runtime.ReadMemStats it leaves the
// spans that are at hand where they are.
func heap(what ...string) (bytes uint64) {
	samples := make([]metrics.Sample, len(what))
	for i, name := range what {
		samples[i].Name = name
	}
	metrics.Read(samples)
	for _, s := range samples {
		bytes += s.Value.Uint64()
	}
	return bytes
}

// largest is up to which size the places of small objects are filled, in bytes.
const largest = 2048

// sizes are those of small objects.
func sizes() (sizes []int) {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	for _, class := range stats.BySize {
		if class.Size > 0 && class.Size <= largest {
			sizes = append(sizes, int(class.Size))
		}
	}
	return sizes
}

// fill takes all that is free between objects and spans, so that new objects go to spans that lie
// side by side. It returns what fills it, which must stay.
func fill() []any {
	f := &filler{kept: make([]any, 0, 1<<16)}
	for before := system(); system() == before && f.room(); {
		for range 8 {
			f.keep(make([]byte, span))
		}
	}
	for _, size := range sizes() {
		f.class(size, false)
		f.class(size, true)
	}
	return f.kept
}

func system() uint64 { return heap(objects, unused, free, given) }

func inUse() uint64 { return heap(objects, unused) }

// span is how much the heap takes for small objects at once, and page what the host's memory
// consists of, in bytes.
const (
	span = 8192
	page = 4096
)

// filler fills the heap. Its own memory must not grow meanwhile.
type filler struct{ kept []any }

func (f *filler) room() bool { return len(f.kept) < cap(f.kept) }

func (f *filler) keep(object any) {
	if f.room() {
		f.kept = append(f.kept, object)
	}
}

// object allocates one and returns its address.
func (f *filler) object(size int, scanned bool) uintptr {
	if scanned {
		p := unsafe.SliceData(make([]*byte, words(size)))
		f.keep(p)
		return uintptr(unsafe.Pointer(p))
	}
	p := unsafe.SliceData(make([]byte, size))
	f.keep(p)
	return uintptr(unsafe.Pointer(p))
}

// class allocates objects of a size until the heap takes a fresh span for them.
func (f *filler) class(size int, scanned bool) {
	for before := inUse(); inUse() <= before && f.room(); {
		for range max(1, page/2/size) {
			f.object(size, scanned)
		}
	}
}

// align allocates objects of a size with pointers until there is room for more. Small objects share
// their span with the bits at its end that say what are pointers: of these the next comes first
// on the last page, so that both lie on one.
func (f *filler) align(size int) {
	if size > 512 {
		f.class(size, true)
		return
	}
	for f.room() {
		at := f.object(size, true) % span
		if at < page && at+uintptr(size) >= page {
			return
		}
	}
}

// words is how many pointers fill an object of the size: larger ones have a
// header of one.
func words(size int) int {
	if size > 512 {
		return size/8 - 1
	}
	return size / 8
}
