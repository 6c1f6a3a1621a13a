package subprocess

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// dump is what a Go program writes that runs out of memory: in pieces, and far more than is kept.
func dump(w io.Writer) {
	fmt.Fprint(w, "fatal error: ")
	fmt.Fprint(w, "runtime: out of memory")
	fmt.Fprint(w, "\n\nruntime stack:\nruntime.throw({0x1, 0x2})\n\t/go/panic.go:1 +0x48 fp=0x7 sp=0x8 pc=0x9\n\n")
	fmt.Fprint(w, "goroutine 22 gp=0x1 m=7 mp=0x2 [running]:\nruntime.systemstack_switch()\n\t/go/asm.s:1 +0x8 fp=0x1 sp=0x2 pc=0x3\n"+
		"internal/runtime/maps.grow()\n\t/go/map.go:1 +0x1 fp=0x1 sp=0x2 pc=0x3\n"+
		"main.Hog({0x0?, 0x1?})\n\t/app/main.go:44 +0x50 fp=0x1 sp=0x2 pc=0x3\nreflect.Value.Call()\n\t/go/value.go:1 +0x1 fp=0x1 sp=0x2 pc=0x3\n\n")
	for n := range 300 {
		fmt.Fprintf(w, "goroutine %d [select]:\nmain.wait()\n\t/app/main.go:%d\n\n", n, n)
	}
}

const dumped = `fatal error: runtime: out of memory
goroutine 22 gp=0x1 m=7 mp=0x2 [running]:
main.Hog({0x0?, 0x1?})
	/app/main.go:44 +0x50
reflect.Value.Call()
	/go/value.go:1 +0x1
...
`

func TestWhatIsKeptOfStandardError(t *testing.T) {
	long := strings.Repeat("x", 3*lastBytes)
	for name, tt := range map[string]struct {
		write func(io.Writer)
		want  string // with which it begins
		lines int
	}{
		"nothing":     {func(io.Writer) {}, "", 1},
		"a line":      {func(w io.Writer) { fmt.Fprintln(w, "one") }, "one", 1},
		"many lines":  {func(w io.Writer) { fmt.Fprint(w, strings.Repeat("many\n", 5000)) }, "many\n", lastLines},
		"a long line": {func(w io.Writer) { fmt.Fprint(w, long) }, long[:lastBytes], 1},
		"no text":     {func(w io.Writer) { fmt.Fprint(w, "\xff\xfeend") }, "?end", 1},
		"short panic": {func(w io.Writer) { fmt.Fprint(w, "before\npanic: short\n\ngoroutine 1 [running]:\n") }, "before\npanic: short\n\n", 4},
		"dump":        {dump, dumped, 7 + lastLines},
		"dump of another time": {func(w io.Writer) {
			fmt.Fprint(w, "panic: recovered\n"+strings.Repeat("many\n", 5000))
			dump(w)
		}, dumped, 7 + lastLines},
		"nobody ran":      {func(w io.Writer) { fmt.Fprint(w, "fatal error: deadlock!\n"+strings.Repeat("many\n", 5000)) }, "fatal error: deadlock!\n...\nmany\n", 2 + lastLines},
		"signal":          {func(w io.Writer) { fmt.Fprint(w, "SIGQUIT: quit\n"+strings.Repeat("many\n", 5000)) }, "SIGQUIT: quit\n...\nmany\n", 2 + lastLines},
		"not at a line":   {func(w io.Writer) { fmt.Fprint(w, "no panic: here\n"+strings.Repeat("many\n", 5000)) }, "many\n", lastLines},
		"cut off":         {func(w io.Writer) { fmt.Fprint(w, "panic: x\n\ngoroutine 1 [running]:\nmain.f()") }, "panic: x\n\ngoroutine 1 [running]:\nmain.f()", 4},
		"an endless line": {func(w io.Writer) { fmt.Fprint(w, "panic: "+long+"\n"+strings.Repeat("many\n", 5000)) }, "panic: " + long[:lastBytes/4-7] + "\n...\nmany\n", 2 + lastLines},
	} {
		t.Run(name, func(t *testing.T) {
			var all strings.Builder
			tail := &stderrTail{to: &all}
			tt.write(tail)
			got := tail.String()
			if diff := cmp.Diff(tt.want, got[:min(len(tt.want), len(got))]); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if n := strings.Count(got, "\n") + 1; n != tt.lines {
				t.Errorf("%d lines, want %d:\n%s", n, tt.lines, got)
			}
			var passed strings.Builder
			tt.write(&passed)
			if all.String() != passed.String() {
				t.Error("not all was passed on")
			}
		})
	}
}
