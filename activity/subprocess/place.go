package subprocess

import (
	"reflect"
	"runtime"
)

// place is where a child has logged a line. The program counter is one of the worker's too, but for
// where the system has put the program, if both run the same build.
type place struct {
	offset   int64 // from anchor
	function string
	line     int64
}

// anchor is where this process has what has the same place in every process of the build.
func anchor() uintptr { return reflect.ValueOf(placeOf).Pointer() }

// placeOf is the place of a program counter; of an unknown one it has no function.
func placeOf(pc uintptr) place {
	f, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	return place{offset: int64(pc - anchor()), function: f.Function, line: int64(f.Line)} //nolint:gosec // it may wrap
}

// pc is the program counter of the place here; zero if another build says otherwise.
func (p *place) pc() uintptr {
	pc := anchor() + uintptr(p.offset) //nolint:gosec // as it may there
	if p.function == "" || placeOf(pc) != *p {
		return 0
	}
	return pc
}

func (p *place) marshal() []byte {
	w := writer{b: []byte{}}
	w.signed(1, p.offset)
	w.text(2, p.function)
	w.signed(3, p.line)
	return w.b
}

func (p *place) unmarshal(body []byte) error {
	return scan(body, func(field int32, v value) error {
		switch field {
		case 1:
			p.offset = v.signed()
		case 2:
			p.function = v.text()
		case 3:
			p.line = v.signed()
		}
		return nil
	})
}
