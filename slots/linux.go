package slots

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
)

// LinuxOptions are the options of [NewLinuxSampler].
type LinuxOptions struct {
	// FS is the root of the file system in which to find proc and sys; nil means that of the
	// process.
	FS fs.FS
}

// A LinuxSampler is a [Sampler] that reads /proc and the limits of control groups, version 2. Of
// the groups that the process is in, its own and those above, each may have a limit: for memory the
// one counts that is used up most, and for the CPU the smallest quota. Where no group has a limit,
// or a larger one than the machine has, the machine counts as a whole.
//
// Of the machine's CPUs only those count on which the process may run, by the cpusets of its groups
// and by its affinity, with the load that anybody puts on them. A quota for fewer CPUs than those
// counts instead, with the load of its group.
//
// The page cache does not count as used. Control groups of version 1 are not looked at, but their
// cpusets show in the affinity.
type LinuxSampler struct {
	files fs.FS
	// groups are the directories of the process's control group and of those above it.
	groups []string
}

// NewLinuxSampler returns a sampler that has found /proc, or an error.
func NewLinuxSampler(o LinuxOptions) (*LinuxSampler, error) {
	s := &LinuxSampler{files: o.FS}
	if s.files == nil {
		s.files = os.DirFS("/")
	}
	if err := s.findGroups(); err != nil {
		return nil, fmt.Errorf("slots: find the control group: %w", err)
	}
	if _, err := s.Read(); err != nil {
		return nil, fmt.Errorf("%w (on systems other than Linux give another Sampler, "+
			"such as that of slots/gopsutil)", err)
	}
	return s, nil
}

// findGroups sets the groups; a system without control groups has none.
func (s *LinuxSampler) findGroups() error {
	own, err := s.optional("proc/self/cgroup")
	if err != nil {
		return err
	}
	mounts, err := s.optional("proc/self/mountinfo")
	if err != nil {
		return err
	}
	name, ok := parseCgroup(own)
	if !ok {
		return nil
	}
	root, mount, ok := parseMountinfo(mounts)
	if !ok {
		return nil
	}
	// Of the group's path only what lies below the root of the mount can be seen.
	below := "/"
	if rest, inside := strings.CutPrefix(name, root); inside && (rest == "" || root == "/" || rest[0] == '/') {
		below = path.Clean("/" + rest)
	}
	for ; ; below = path.Dir(below) {
		dir := strings.TrimPrefix(path.Join(mount, below), "/")
		if !fs.ValidPath(dir) {
			return fmt.Errorf("%q is no path", dir)
		}
		s.groups = append(s.groups, dir)
		if below == "/" {
			return nil
		}
	}
}

// optional reads a file that need not exist.
func (s *LinuxSampler) optional(name string) (string, error) {
	text, err := fs.ReadFile(s.files, name)
	// A group may also go away between its opening and its reading; that is no such file either.
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return string(text), nil
}

// Read implements [Sampler].
func (s *LinuxSampler) Read() (Reading, error) {
	cpus, err := s.cpus()
	if err != nil {
		return Reading{}, fmt.Errorf("slots: read which CPUs there are: %w", err)
	}
	r, err := s.machine(cpus)
	if err != nil {
		return Reading{}, fmt.Errorf("slots: read the machine: %w", err)
	}
	for _, dir := range s.groups {
		if err := s.memory(dir, &r); err != nil {
			return Reading{}, fmt.Errorf("slots: read the memory of control group /%s: %w", dir, err)
		}
		if err := s.cpu(dir, &r); err != nil {
			return Reading{}, fmt.Errorf("slots: read the CPU of control group /%s: %w", dir, err)
		}
	}
	return r, nil
}

// cpus reads the lists of CPUs on which the process may run: those that are in all of them.
func (s *LinuxSampler) cpus() ([]cpuList, error) {
	status, err := s.optional("proc/self/status")
	if err != nil {
		return nil, err
	}
	affinity, err := parseAffinity(status)
	if err != nil {
		return nil, fmt.Errorf("/proc/self/status: Cpus_allowed_list: %w", err)
	}
	lists := []cpuList{affinity}
	for _, dir := range s.groups {
		text, err := s.optional(dir + "/cpuset.cpus.effective")
		if err != nil {
			return nil, err
		}
		set, err := parseCPUs(text)
		if err != nil {
			return nil, fmt.Errorf("/%s/cpuset.cpus.effective: %w", dir, err)
		}
		lists = append(lists, set)
	}
	return lists, nil
}

// machine reads what the machine has and uses, of its CPUs those that are in all the lists.
func (s *LinuxSampler) machine(cpus []cpuList) (Reading, error) {
	info, err := fs.ReadFile(s.files, "proc/meminfo")
	if err != nil {
		return Reading{}, err
	}
	stat, err := fs.ReadFile(s.files, "proc/stat")
	if err != nil {
		return Reading{}, err
	}
	var r Reading
	if r.MemoryUsed, r.MemoryLimit, err = parseMeminfo(string(info)); err != nil {
		return Reading{}, fmt.Errorf("/proc/meminfo: %w", err)
	}
	if r.CPUTime, r.CPUs, err = parseStat(string(stat), cpus); err != nil {
		return Reading{}, fmt.Errorf("/proc/stat: %w", err)
	}
	return r, nil
}

// memory puts the memory of the group into the reading if it is scarcer than what is there.
func (s *LinuxSampler) memory(dir string, r *Reading) error {
	var limit uint64
	for _, file := range []string{"memory.max", "memory.high"} {
		text, err := s.optional(dir + "/" + file)
		if err != nil {
			return err
		}
		n, ok, err := parseLimit(text)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if ok && (limit == 0 || n < limit) {
			limit = max(n, 1)
		}
	}
	if limit == 0 {
		return nil
	}
	current, err := fs.ReadFile(s.files, dir+"/memory.current")
	if err != nil {
		return err
	}
	stat, err := fs.ReadFile(s.files, dir+"/memory.stat")
	if err != nil {
		return err
	}
	used, err := parseMemory(string(current), string(stat))
	if err != nil {
		return err
	}
	if float64(used)/float64(limit) > float64(r.MemoryUsed)/float64(r.MemoryLimit) {
		r.MemoryUsed, r.MemoryLimit = used, limit
	}
	return nil
}

// cpu puts the CPUs of the group into the reading if they are fewer than what is there.
func (s *LinuxSampler) cpu(dir string, r *Reading) error {
	quota, err := s.optional(dir + "/cpu.max")
	if err != nil {
		return err
	}
	cpus, ok, err := parseQuota(quota)
	if err != nil {
		return fmt.Errorf("cpu.max: %w", err)
	}
	if !ok || cpus >= r.CPUs {
		return nil
	}
	stat, err := fs.ReadFile(s.files, dir+"/cpu.stat")
	if err != nil {
		return err
	}
	busy, err := parseUsage(string(stat))
	if err != nil {
		return fmt.Errorf("cpu.stat: %w", err)
	}
	r.CPUs, r.CPUTime = cpus, busy
	return nil
}
