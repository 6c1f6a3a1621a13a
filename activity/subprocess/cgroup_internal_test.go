//go:build linux

package subprocess

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What the kernel says of a group's memory decides what the error of a killed child says.
func TestChildrenThatTheKernelKilled(t *testing.T) {
	const outside, starved = "killed from outside", "its cgroup has used up its memory"
	for name, tt := range map[string]struct {
		events string // of the group; empty for no file
		want   string
	}{
		"out of memory":  {"low 0\nhigh 0\nmax 12\noom 1\noom_kill 1\noom_group_kill 0\n", starved},
		"once and again": {"oom_kill 23\n", starved},
		"at the limit":   {"low 0\nhigh 0\nmax 12\noom 0\noom_kill 0\noom_group_kill 0\n", outside},
		"no controller":  {"", outside},
	} {
		t.Run(name, func(t *testing.T) {
			p := &process{tail: &stderrTail{}, options: &Options{}, cmd: exec.CommandContext(t.Context(), "/bin/sleep", "60")}
			p.group = t.TempDir()
			if tt.events != "" {
				if err := os.WriteFile(filepath.Join(p.group, "memory.events"), []byte(tt.events), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := p.cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if err := p.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = p.cmd.Wait() // it was killed
			p.starved = p.outOfMemory()
			err := p.obituary("Name")
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v does not say %q", err, tt.want)
			}
		})
	}
	if (&process{}).outOfMemory() {
		t.Error("a child without a group was short of memory")
	}
}
