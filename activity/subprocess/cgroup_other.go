//go:build !linux

package subprocess

import "fmt"

func checkCgroup(dir string, _ map[string]string) error {
	return fmt.Errorf("subprocess.Options.Cgroup is %q: only Linux has cgroups, leave it out", dir)
}

func (p *process) leaveCgroup() {}

func (p *process) outOfMemory() bool { return false }
