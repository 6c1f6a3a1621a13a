//go:build !linux

package subprocess

import (
	"strconv"

	"github.com/mainspring-go/mainspring/temporal/settings"
)

func checkCgroup(c *settings.Check, dir string, _ map[string]string) {
	c.Add("Cgroup", strconv.Quote(dir), "leave it out, only Linux has cgroups")
}

func (p *process) leaveCgroup() {}

func (p *process) outOfMemory() bool { return false }
