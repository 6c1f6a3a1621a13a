package engine

import (
	"fmt"
	"strings"
)

// refusal is why a call is refused, in the words of who writes Go.
type refusal struct {
	call, reason string
	// path is which argument of the call is the address of a path, whose length is the next.
	// Nought is none: no path comes first but that of a link, which nobody misses.
	path int
}

const (
	noFiles   = "there is no file system; in a workflow use an activity"
	noNetwork = "there is no network; in a workflow use an activity"
	noEnv     = "there is no environment; in a workflow pass what it needs as input"
	noStdin   = "there is no standard input"
)

// refusals are the calls of WASI that a sandbox has not.
func refusals() map[string]refusal {
	return map[string]refusal{
		"path_open":               {"os.Open", noFiles, 2},
		"path_create_directory":   {"os.Mkdir", noFiles, 1},
		"path_filestat_get":       {"os.Stat", noFiles, 2},
		"path_filestat_set_times": {"os.Chtimes", noFiles, 2},
		"path_link":               {"os.Link", noFiles, 2},
		"path_readlink":           {"os.Readlink", noFiles, 1},
		"path_remove_directory":   {"os.Remove", noFiles, 1},
		"path_rename":             {"os.Rename", noFiles, 1},
		"path_symlink":            {"os.Symlink", noFiles, 3},
		"path_unlink_file":        {"os.Remove", noFiles, 1},
		"fd_read":                 {"reading os.Stdin", noStdin, 0},
		"fd_pread":                {"reading a file", noFiles, 0},
		"fd_write":                {"writing a file", noFiles, 0},
		"fd_pwrite":               {"writing a file", noFiles, 0},
		"fd_seek":                 {"os.File.Seek", noFiles, 0},
		"fd_tell":                 {"os.File.Seek", noFiles, 0},
		"fd_readdir":              {"os.ReadDir", noFiles, 0},
		"fd_sync":                 {"os.File.Sync", noFiles, 0},
		"fd_filestat_get":         {"os.File.Stat", noFiles, 0},
		"fd_filestat_set_size":    {"os.File.Truncate", noFiles, 0},
		"fd_filestat_set_times":   {"os.Chtimes", noFiles, 0},
		"sock_accept":             {"net.Listener.Accept", noNetwork, 0},
		"sock_recv":               {"net.Conn.Read", noNetwork, 0},
		"sock_send":               {"net.Conn.Write", noNetwork, 0},
		"sock_shutdown":           {"net.Conn.Close", noNetwork, 0},
		"poll_oneoff":             {"waiting for a file or a connection", noFiles, 0},
		"proc_raise":              {"sending a signal", "there are no processes", 0},
	}
}

// refuse ends the call because of what it asked of its system.
func (g guest) refuse(name string) uint64 {
	r, known := refusals()[name]
	if !known {
		r = refusal{call: name, reason: fmt.Sprintf("a sandbox does not have this of %s", wasi)}
	}
	e := &ForbiddenError{Call: r.call, Reason: r.reason}
	if r.path > 0 && r.path+1 < len(g.args) {
		if b, ok := g.slot.module.Memory().Read(g.u32(r.path), g.u32(r.path+1)); ok {
			// Go's runtime takes the working directory for the root, and cuts that off.
			e.Detail = "/" + strings.TrimPrefix(string(b), "/")
		}
	}
	g.fail(e)
	return errnoNone
}

// watch is a function of Go's standard library that never reaches WASI, or that says there not
// what it is.
type watch struct {
	symbol string
	refusal
	// named says that its first argument is a string that says of what.
	named bool
}

// watches are the functions that are refused when they are entered. Their names are those of the
// linker.
func watches() []watch {
	return []watch{
		{"os.Getenv", refusal{call: "os.Getenv", reason: noEnv}, true},
		{"os.LookupEnv", refusal{call: "os.LookupEnv", reason: noEnv}, true},
		{"syscall.Environ", refusal{call: "os.Environ", reason: noEnv}, false},
		{"os.Setenv", refusal{call: "os.Setenv", reason: noEnv}, true},
		{"os.Hostname", refusal{call: "os.Hostname", reason: "there is no host"}, false},
		{"os.StartProcess", refusal{call: "os.StartProcess", reason: "there are no processes"}, true},
		{"os/exec.(*Cmd).Start", refusal{call: "exec.Command", reason: "there are no processes"}, false},
		{"net.(*Dialer).DialContext", refusal{call: "net.Dial", reason: noNetwork}, false},
		{"net.(*ListenConfig).Listen", refusal{call: "net.Listen", reason: noNetwork}, false},
		{"net.(*ListenConfig).ListenPacket", refusal{call: "net.ListenPacket", reason: noNetwork}, false},
		{"net.(*Resolver).lookupIPAddr", refusal{call: "net.LookupIP", reason: noNetwork}, false},
		{"net.(*Resolver).LookupHost", refusal{call: "net.LookupHost", reason: noNetwork}, false},
		{"time.Sleep", refusal{
			call:   "time.Sleep",
			reason: "time passes between calls only; in a workflow use workflow.Sleep",
		}, false},
	}
}

// skipped are functions of Go's runtime that do nothing in a sandbox. The scavenger gives memory
// back to a system that takes none back here, and sleeps in between, so that a guest that waits
// for ever seems to wait for a timer; and the runtime naps before it reports a panic.
func skipped() []string {
	return []string{
		"runtime.(*scavengerState).wake", "runtime.usleep",
	}
}

// watched are the names of watches, in their order.
func watched() []string {
	var names []string
	for _, w := range watches() {
		names = append(names, w.symbol)
	}
	return names
}

// entered is called when a function that is watched is entered. While packages are
// initialised all may be called that harms nobody: what they read is nothing.
func (g guest) entered(i int) {
	all := watches()
	if i >= len(all) || !g.started {
		return
	}
	w := all[i]
	e := &ForbiddenError{Call: w.call, Reason: w.reason}
	if w.named {
		e.Detail = g.firstString()
	}
	g.fail(e)
}

// firstString reads the first argument of the function that was just entered: in Go's
// convention for WebAssembly they lie on the stack, behind the place to return to, and
// the stack is where the first global points.
func (g guest) firstString() string {
	mem := g.slot.module.Memory()
	sp := uint32(g.slot.globals[0].Get())
	at, ok := mem.ReadUint64Le(sp + 8)
	size, ok2 := mem.ReadUint64Le(sp + 16)
	if !ok || !ok2 || at >= 1<<32 || size > 256 {
		return ""
	}
	b, _ := mem.Read(uint32(at), uint32(size))
	return strings.ToValidUTF8(string(b), "?")
}
