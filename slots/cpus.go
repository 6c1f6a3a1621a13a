package slots

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// cpuList is CPUs by their numbers, as ranges of which both ends belong to it. Nil is all of them.
type cpuList []cpuRange

type cpuRange struct{ first, last uint64 }

// parseCPUs reads a list such as "0-3,8"; an empty one leaves out none.
func parseCPUs(text string) (cpuList, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	var list cpuList
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err := strconv.ParseUint(from, 10, 32)
		if err != nil {
			return nil, err
		}
		last, err := strconv.ParseUint(to, 10, 32)
		if err != nil {
			return nil, err
		}
		if last < first {
			return nil, fmt.Errorf("%q goes backwards", part)
		}
		list = append(list, cpuRange{first, last})
	}
	return list, nil
}

// has says whether the CPU is in the list.
func (l cpuList) has(cpu uint64) bool {
	for _, r := range l {
		if r.first <= cpu && cpu <= r.last {
			return true
		}
	}
	return l == nil
}

// parseAffinity finds in /proc/self/status on which CPUs the process may run.
func parseAffinity(text string) (cpuList, error) {
	for line := range strings.Lines(text) {
		if list, ok := strings.CutPrefix(line, "Cpus_allowed_list:"); ok {
			return parseCPUs(list)
		}
	}
	return nil, nil
}

// tick is the unit of /proc/stat, the same on all systems.
const tick = 10 * time.Millisecond

// parseStat reads from /proc/stat how long the CPUs that are in all lists have been busy together,
// and how many they are.
func parseStat(text string, lists []cpuList) (busy time.Duration, cpus float64, err error) {
	var all, those, machine uint64 // those: the sum over the CPUs that count
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || !strings.HasPrefix(fields[0], "cpu") {
			continue
		}
		ticks, err := parseTicks(fields[1:])
		if err != nil {
			return 0, 0, fmt.Errorf("%s: %w", fields[0], err)
		}
		if fields[0] == "cpu" {
			all = ticks
			continue
		}
		number, err := strconv.ParseUint(fields[0][len("cpu"):], 10, 32)
		if err != nil {
			return 0, 0, fmt.Errorf("%s: %w", fields[0], err)
		}
		machine++
		if inAll(lists, number) {
			cpus++
			those = min(those+ticks, maxTicks)
		}
	}
	switch {
	case machine == 0:
		return 0, 0, errors.New("there is no CPU")
	case cpus == 0 || cpus == float64(machine):
		// Lists that have none of the CPUs in common were not read at the same moment.
		return time.Duration(all) * tick, float64(machine), nil
	}
	return time.Duration(those) * tick, cpus, nil
}

func inAll(lists []cpuList, cpu uint64) bool {
	for _, l := range lists {
		if !l.has(cpu) {
			return false
		}
	}
	return true
}

// maxTicks is how many a Duration can hold.
const maxTicks = math.MaxInt64 / uint64(tick)

// parseTicks sums up the busy ones of user nice system idle iowait irq softirq steal, and guests,
// which count as user too.
func parseTicks(fields []string) (uint64, error) {
	var ticks uint64
	for i, field := range fields[:min(len(fields), 8)] {
		n, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			return 0, err
		}
		if i != 3 && i != 4 {
			ticks += min(n, maxTicks/8) // so that no sum can overflow
		}
	}
	return ticks, nil
}
