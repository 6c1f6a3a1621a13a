package engine

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A mapping that is given back is made as new and kept for the next instance: its pages are
// there already, where in a fresh mapping the kernel finds or copies each when it is first touched,
// which is most of what a start costs.
const (
	keptMappings = 16
	// One that has written more than this, in pages, is dropped.
	keptPages = 256
	// So many pieces of memory that was written are asked for at once.
	keptRegions = 128
)

// scanArg is struct pm_scan_arg, and region struct page_region of linux/fs.h.
type scanArg struct {
	size, flags, start, end, walkEnd, regions, regionsLen, maxPages,
	inverted, all, any, wanted uint64
}

type region struct{ start, end, _ uint64 }

// What the kernel calls its request, and the categories of pages.
const (
	pagemapScan   = 0xc0606610
	pageIsFile    = 1 << 2
	pageIsPresent = 1 << 3
	pageIsSwapped = 1 << 4
)

// A scanner tells which pages were written. One goroutine at a time may use it.
type scanner struct {
	pagemap *os.File
	regions [keptRegions]region
}

// newScanner returns nil where the system does not tell.
func newScanner() *scanner {
	f, err := os.Open("/proc/self/pagemap")
	if err != nil {
		return nil
	}
	return &scanner{pagemap: f}
}

// written returns the pieces of b that are no longer those of its file, and false if it cannot say
// or there are too many.
func (s *scanner) written(b []byte) ([]region, bool) {
	base := uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b))))
	arg := scanArg{
		size: uint64(unsafe.Sizeof(scanArg{})), start: base, end: base + uint64(len(b)),
		// It is part of what lies on the heap, which does not move.
		regions: uint64(uintptr(unsafe.Pointer(&s.regions))), regionsLen: keptRegions,
		inverted: pageIsFile, all: pageIsFile, any: pageIsPresent | pageIsSwapped, wanted: pageIsFile,
	}
	n, _, errno := unix.Syscall(unix.SYS_IOCTL, s.pagemap.Fd(), pagemapScan, uintptr(unsafe.Pointer(&arg)))
	if errno != 0 || arg.walkEnd != arg.end || n > keptRegions {
		return nil, false
	}
	found, pages := s.regions[:n], uint64(0)
	for i := range found {
		found[i].start -= base
		found[i].end -= base
		pages += (found[i].end - found[i].start) / uint64(os.Getpagesize())
	}
	return found, pages <= keptPages
}
