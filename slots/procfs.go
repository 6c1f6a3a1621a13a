package slots

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// parseCgroup finds the process's group of version 2 in /proc/self/cgroup.
func parseCgroup(text string) (string, bool) {
	for line := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "0::"); ok {
			return name, strings.HasPrefix(name, "/")
		}
	}
	return "", false
}

// parseMountinfo finds in /proc/self/mountinfo which group is mounted where.
func parseMountinfo(text string) (root, mount string, ok bool) {
	for line := range strings.Lines(text) {
		before, after, ok := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		if !ok || len(fields) < 5 || !strings.HasPrefix(after, "cgroup2 ") {
			continue
		}
		return unescape(fields[3]), unescape(fields[4]), true
	}
	return "", "", false
}

// unescape undoes the \ooo of mountinfo.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// parseLimit reads memory.max; ok is false when there is no limit.
func parseLimit(text string) (n uint64, ok bool, err error) {
	text = strings.TrimSpace(text)
	if text == "" || text == "max" {
		return 0, false, nil
	}
	n, err = strconv.ParseUint(text, 10, 64)
	return n, err == nil, err
}

// parseQuota reads cpu.max, "quota period" in the same unit; ok is false when there is no quota.
func parseQuota(text string) (cpus float64, ok bool, err error) {
	fields := strings.Fields(text)
	if len(fields) == 0 || fields[0] == "max" {
		return 0, false, nil
	}
	if len(fields) != 2 {
		return 0, false, fmt.Errorf("%q has not two fields", text)
	}
	quota, err := strconv.ParseUint(fields[0], 10, 64)
	if err != nil {
		return 0, false, err
	}
	period, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return 0, false, err
	}
	if quota == 0 || period == 0 {
		return 0, false, fmt.Errorf("%q has a zero", text)
	}
	return float64(quota) / float64(period), true, nil
}

// parseMemory reads what a group uses and cannot give back: all but the page cache, of which shared
// memory is no part though it is counted there, and but what the kernel caches beside.
func parseMemory(current, stat string) (uint64, error) {
	used, err := strconv.ParseUint(strings.TrimSpace(current), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("memory.current: %w", err)
	}
	v, err := values(stat, "file", "shmem", "slab_reclaimable")
	if err != nil {
		return 0, fmt.Errorf("memory.stat: %w", err)
	}
	cache := less(v["file"], v["shmem"])
	return less(less(used, cache), v["slab_reclaimable"]), nil
}

// less is a - b, or 0: the two were not read at the same moment.
func less(a, b uint64) uint64 { return a - min(a, b) }

// parseUsage reads the CPU time in a group's cpu.stat.
func parseUsage(text string) (time.Duration, error) {
	v, err := values(text, "usage_usec")
	if err != nil {
		return 0, err
	}
	n, ok := v["usage_usec"]
	if !ok {
		return 0, errors.New("there is no usage_usec")
	}
	if n > math.MaxInt64/uint64(time.Microsecond) {
		return 0, fmt.Errorf("usage_usec %d is too long", n)
	}
	return time.Duration(n) * time.Microsecond, nil
}

// parseMeminfo reads what of the machine's memory is in use; its unit is the kibibyte.
func parseMeminfo(text string) (used, limit uint64, err error) {
	v, err := values(text, "MemTotal:", "MemAvailable:")
	if err != nil {
		return 0, 0, err
	}
	total, available := v["MemTotal:"], v["MemAvailable:"]
	if _, ok := v["MemAvailable:"]; !ok || total == 0 || total > math.MaxUint64/1024 {
		return 0, 0, errors.New("there is no good MemTotal and MemAvailable")
	}
	return less(total, available) * 1024, total * 1024, nil
}

// values reads the numbers of the named lines of a file with a name and a number in each. Lines
// that are not named may say what they like.
func values(text string, names ...string) (map[string]uint64, error) {
	found := map[string]uint64{}
	for line := range strings.Lines(text) {
		for _, name := range names {
			rest, ok := strings.CutPrefix(line, name)
			if !ok || rest == "" || rest[0] != ' ' && rest[0] != '\t' {
				continue
			}
			fields := strings.Fields(rest)
			if len(fields) == 0 {
				return nil, fmt.Errorf("%s has no value", name)
			}
			n, err := strconv.ParseUint(fields[0], 10, 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			found[name] = n
		}
	}
	return found, nil
}
