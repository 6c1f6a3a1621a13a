package subprocess

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/mainspring-go/mainspring/temporal/settings"
)

// checkCgroup tries what is going to be done for each child.
func checkCgroup(c *settings.Check, dir string, limits map[string]string) {
	refused := func(why error) { c.AddCause("Cgroup", strconv.Quote(dir), why) }
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		refused(err)
		return
	}
	if const2 := int64(0x63677270); int64(fs.Type) != const2 { //nolint:unconvert // its type is not the same everywhere
		refused(errors.New("it is no cgroup of version 2: give a directory below where a cgroup2 file system is mounted"))
		return
	}
	group, err := os.MkdirTemp(dir, "check-")
	if err != nil {
		refused(fmt.Errorf("this process may not make groups in it, have it delegated: %w", err))
		return
	}
	defer os.Remove(group) //nolint:errcheck // there is nothing else to be done about it
	c.AddCause("CgroupLimits", limits, limitCgroup(group, limits))
}

// limitCgroup writes the limits of a group.
func limitCgroup(group string, limits map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(limits)) {
		if name == "" || strings.ContainsAny(name, "/\x00") {
			return fmt.Errorf("it has the file %q: give a name without a directory, such as memory.max", name)
		}
		f, err := os.OpenFile(filepath.Join(group, name), os.O_WRONLY, 0)
		if errors.Is(err, os.ErrNotExist) {
			controller, _, _ := strings.Cut(name, ".")
			return fmt.Errorf("it has %q, which there is not: the controller %s must be in cgroup.subtree_control",
				name, controller)
		}
		if err != nil {
			return err
		}
		_, err = f.WriteString(limits[name])
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("write %q to %s: %w", limits[name], name, err)
		}
	}
	return nil
}

// enterCgroup makes the child's group and has it start in it. The file is to be closed when it has.
func (p *process) enterCgroup(attr *syscall.SysProcAttr) (*os.File, error) {
	group, err := os.MkdirTemp(p.options.Cgroup, "activities-")
	if err != nil {
		return nil, err
	}
	p.group = group
	dir, err := os.Open(group)
	if err == nil {
		err = limitCgroup(group, p.options.CgroupLimits)
	}
	if err != nil {
		p.leaveCgroup()
		return nil, err
	}
	attr.UseCgroupFD, attr.CgroupFD = true, int(dir.Fd()) //nolint:gosec // it is small
	return dir, nil
}

// leaveCgroup removes the child's group. What has got away from its process group is killed with
// it.
func (p *process) leaveCgroup() {
	if p.group == "" {
		return
	}
	_ = os.WriteFile(filepath.Join(p.group, "cgroup.kill"), []byte("1"), 0)
	for range 100 {
		if err := os.Remove(p.group); err == nil || errors.Is(err, os.ErrNotExist) {
			return
		}
		time.Sleep(10 * time.Millisecond) // the killed take a moment to leave
	}
}

// outOfMemory says how often the kernel has killed for the group's memory limit.
func (p *process) outOfMemory() bool {
	if p.group == "" {
		return false
	}
	b, err := os.ReadFile(filepath.Join(p.group, "memory.events"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(b)) {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), "oom_kill "); ok && n != "0" {
			return true
		}
	}
	return false
}
