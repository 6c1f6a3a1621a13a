package slots_test

import (
	"maps"
	"math"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/mainspring-go/mainspring/slots"
)

// files are the texts of a file system; empty ones are left out.
type files map[string]string

func (f files) with(more files) files {
	all := maps.Clone(f)
	maps.Copy(all, more)
	return all
}

func (f files) fs() fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range f {
		if text != "" {
			m[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return m
}

// host is a machine of 8 GiB, 2 of them in use, and 4 CPUs that have been busy for 70 s.
var host = files{
	"proc/meminfo": "MemTotal:        8388608 kB\nMemFree:          100000 kB\n" +
		"MemAvailable:    6291456 kB\nCached:          6000000 kB\n",
	"proc/stat": "cpu  1000 2000 3000 9999999 8888888 400 500 100 700 0\n" +
		"cpu0 1 2 3\ncpu1 1 2 3\ncpu2 1 2 3\ncpu3 1 2 3\nintr 1 2\nctxt 5\n",
	"proc/self/cgroup":    "12:memory:/legacy\n0::/\n",
	"proc/self/mountinfo": "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 none rw\n",
}

// container has a group of its own with 1 GiB, of which 700 MiB are counted: 300 of programs and
// the kernel, 50 shared, 350 page cache; and half a CPU.
var container = host.with(files{
	"sys/fs/cgroup/memory.max":     "1073741824\n",
	"sys/fs/cgroup/memory.high":    "max\n",
	"sys/fs/cgroup/memory.current": "734003200\n",
	"sys/fs/cgroup/memory.stat": "anon 262144000\nfile 419430400\nshmem 52428800\n" +
		"inactive_file 200000000\nslab_reclaimable 10485760\nslab 20971520\n",
	"sys/fs/cgroup/cpu.max":  "50000 100000\n",
	"sys/fs/cgroup/cpu.stat": "usage_usec 3500000\nuser_usec 3000000\nsystem_usec 500000\n",
})

const mib = 1 << 20

func TestLinuxSampler(t *testing.T) {
	hostReading := slots.Reading{MemoryUsed: 2048 * mib, MemoryLimit: 8192 * mib, CPUTime: 70 * time.Second, CPUs: 4}
	mine := slots.Reading{
		MemoryUsed: (700 - 350 - 10) * mib, MemoryLimit: 1024 * mib, CPUTime: 3500 * time.Millisecond, CPUs: 0.5,
	}
	// A service in groups within groups, seen from the host.
	nested := host.with(files{
		"proc/self/cgroup": "0::/workers.slice/w 1.service\n",
		"proc/self/mountinfo": "29 1 0:5 / /proc rw - proc none rw\n" +
			"30 23 0:26 / /cg\\0402 rw - cgroup2 none rw\n",
		"cg 2/workers.slice/memory.max":                   "1073741824\n",
		"cg 2/workers.slice/memory.current":               "1000000000\n",
		"cg 2/workers.slice/memory.stat":                  "file 0\n",
		"cg 2/workers.slice/w 1.service/memory.max":       "max\n",
		"cg 2/workers.slice/w 1.service/memory.high":      "2147483648\n",
		"cg 2/workers.slice/w 1.service/memory.current":   "600000000\n",
		"cg 2/workers.slice/w 1.service/memory.stat":      "file 0\n",
		"cg 2/workers.slice/cpu.max":                      "200000 100000\n",
		"cg 2/workers.slice/cpu.stat":                     "usage_usec 9000000\n",
		"cg 2/workers.slice/w 1.service/cpu.max":          "300000 100000\n",
		"cg 2/workers.slice/w 1.service/cpu.stat":         "usage_usec 2000000\n",
		"cg 2/workers.slice/w 1.service/child/memory.max": "1\n",
	})
	tests := []struct {
		name string
		fs   files
		want slots.Reading
	}{
		{"container", container, mine},
		{"no limits", host, hostReading},
		{"no groups", host.with(files{"proc/self/cgroup": "", "proc/self/mountinfo": ""}), hostReading},
		{"only version 1", host.with(files{"proc/self/cgroup": "4:memory:/x\n"}), hostReading},
		{"not mounted", container.with(files{"proc/self/mountinfo": "29 1 0:5 / /proc rw - proc none rw\n"}), hostReading},
		{"limits above the machine's", container.with(files{
			"sys/fs/cgroup/memory.max": "1099511627776\n", "sys/fs/cgroup/cpu.max": "800000 100000\n",
		}), hostReading},
		{"a full cache is not used memory", container.with(files{
			"sys/fs/cgroup/memory.current": "1073741824\n",
			"sys/fs/cgroup/memory.stat":    "anon 8388608\nfile 1065353216\nactive_file 1065353216\n",
		}), slots.Reading{MemoryUsed: 2048 * mib, MemoryLimit: 8192 * mib, CPUTime: mine.CPUTime, CPUs: 0.5}},
		{"memory.high is lower", container.with(files{"sys/fs/cgroup/memory.high": "536870912\n"}), slots.Reading{
			MemoryUsed: mine.MemoryUsed, MemoryLimit: 512 * mib, CPUTime: mine.CPUTime, CPUs: 0.5,
		}},
		{"memory.high is higher", container.with(files{"sys/fs/cgroup/memory.high": "2147483648\n"}), mine},
		{"the group above is fuller and has fewer CPUs", nested, slots.Reading{
			MemoryUsed: 1e9, MemoryLimit: 1024 * mib, CPUTime: 9 * time.Second, CPUs: 2,
		}},
		{"the group above is fuller, the own one has fewer CPUs", nested.with(files{
			"cg 2/workers.slice/w 1.service/cpu.max": "150000 100000\n",
		}), slots.Reading{MemoryUsed: 1e9, MemoryLimit: 1024 * mib, CPUTime: 2 * time.Second, CPUs: 1.5}},
		{"a mount that shows the group only", container.with(files{
			"proc/self/cgroup":    "0::/docker/abc\n",
			"proc/self/mountinfo": "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
		}), mine},
		{"a path from outside the mount", container.with(files{
			"proc/self/cgroup":    "0::/../../other\n",
			"proc/self/mountinfo": "30 23 0:26 /docker /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
		}), mine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { wantReading(t, tt.fs, tt.want) })
	}
}

func wantReading(t *testing.T, f files, want slots.Reading) {
	t.Helper()
	s, err := slots.NewLinuxSampler(slots.LinuxOptions{FS: f.fs()})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Read()
	if err != nil || got != want {
		t.Errorf("Read() = %+v, %v, want %+v", got, err, want)
	}
}

// Only the CPUs on which the process may run count, with the load on them.
func TestLinuxSamplerOfSomeCPUs(t *testing.T) {
	const own, above = "sys/fs/cgroup/a/b/cpuset.cpus.effective", "sys/fs/cgroup/a/cpuset.cpus.effective"
	const status = "proc/self/status"
	machine := host.with(files{
		"proc/stat": "cpu 1000 0 0 9 9 0 0 0\ncpu0 100 0 0 9 9 0 0 0\ncpu1 200 0 0 9 9 0 0 0\n" +
			"cpu2 300 0 0 9 9 0 0 0\ncpu10 400 0 0 9 9 0 0 0\n",
		"proc/self/cgroup": "0::/a/b\n",
	})
	allowed := func(list string) string {
		return "Name:\tx\nCpus_allowed:\tf\nCpus_allowed_list:\t" + list + "\nx:\t1\n"
	}
	tests := []struct {
		name  string
		files files
		ticks int // of 10 ms
		cpus  float64
	}{
		{"all", files{status: allowed("0-10"), own: "0-2,10\n", above: "0-63\n"}, 1000, 4},
		{"none is said", files{status: "Name:\tx\n", own: "\n"}, 1000, 4},
		{"affinity", files{status: allowed("1-2")}, 500, 2},
		{"group", files{own: "0,2\n"}, 400, 2},
		{"group above", files{above: "10\n"}, 400, 1},
		{"group above is tighter", files{own: "0-2\n", above: "1-10\n"}, 500, 2},
		{"all of them", files{own: "0-2\n", above: "1-10\n", status: allowed("0,2-3")}, 300, 1},
		{"nothing in common", files{own: "0-1\n", above: "2\n"}, 1000, 4},
		{"not there", files{own: "4-5\n"}, 1000, 4},
		{"a larger quota", files{
			own: "0-1\n", "sys/fs/cgroup/a/cpu.max": "250000 100000\n", "sys/fs/cgroup/a/cpu.stat": "usage_usec 7000000\n",
		}, 300, 2},
		{"a smaller quota", files{
			own: "0-1\n", "sys/fs/cgroup/a/cpu.max": "150000 100000\n", "sys/fs/cgroup/a/cpu.stat": "usage_usec 7000000\n",
		}, 700, 1.5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantReading(t, machine.with(tt.files), slots.Reading{
				MemoryUsed: 2048 * mib, MemoryLimit: 8192 * mib, CPUTime: time.Duration(tt.ticks) * 10 * time.Millisecond, CPUs: tt.cpus,
			})
		})
	}
}

func TestLinuxSamplerSaysWhatIsWrong(t *testing.T) {
	tests := []struct{ file, text, want string }{
		{"proc/meminfo", "", "slots/gopsutil"},
		{"proc/stat", "", "proc/stat"},
		{"proc/meminfo", "MemTotal: 5 kB\n", "MemAvailable"},
		{"proc/meminfo", "MemTotal: much kB\nMemAvailable: 1 kB\n", "MemTotal"},
		{"proc/meminfo", "MemTotal: 18446744073709551615 kB\nMemAvailable: 1 kB\n", "MemTotal"},
		{"proc/stat", "cpu 1 2 3\n", "no CPU"},
		{"proc/stat", "cpu a\ncpu0 1\n", `"a"`},
		{"proc/stat", "cpu 1\ncpu0 b\n", `cpu0: `},
		{"proc/stat", "cpu 1\ncpux 1\n", `"x"`},
		{"proc/self/status", "Cpus_allowed_list:\t0,,1\n", "proc/self/status"},
		{"sys/fs/cgroup/cpuset.cpus.effective", "3-1\n", "backwards"},
		{"sys/fs/cgroup/cpuset.cpus.effective", "0-\n", "cpuset.cpus.effective"},
		{"sys/fs/cgroup/cpuset.cpus.effective", "x\n", `"x"`},
		{"sys/fs/cgroup/memory.max", "some\n", "memory.max"},
		{"sys/fs/cgroup/memory.current", "", "memory.current"},
		{"sys/fs/cgroup/memory.current", "-1", "memory.current"},
		{"sys/fs/cgroup/memory.stat", "file\t\n", "file has no value"},
		{"sys/fs/cgroup/memory.stat", "shmem x\n", "shmem"},
		{"sys/fs/cgroup/cpu.max", "100000\n", "two fields"},
		{"sys/fs/cgroup/cpu.max", "100000 0\n", "zero"},
		{"sys/fs/cgroup/cpu.max", "x 100000\n", `"x"`},
		{"sys/fs/cgroup/cpu.max", "100000 x\n", `"x"`},
		{"sys/fs/cgroup/cpu.stat", "user_usec 1\n", "usage_usec"},
		{"sys/fs/cgroup/cpu.stat", "usage_usec 18446744073709551615\n", "too long"},
	}
	for _, tt := range tests {
		_, err := slots.NewLinuxSampler(slots.LinuxOptions{FS: container.with(files{tt.file: tt.text}).fs()})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s = %q: error %v, want one that says %q", tt.file, tt.text, err, tt.want)
		}
	}
}

func TestLinuxSamplerOfThisMachine(t *testing.T) {
	s, err := slots.NewLinuxSampler(slots.LinuxOptions{})
	if err != nil {
		t.Skipf("not a Linux with /proc: %v", err)
	}
	r, err := s.Read()
	if err != nil {
		t.Fatal(err)
	}
	if r.MemoryUsed == 0 || r.MemoryUsed > r.MemoryLimit || r.CPUTime <= 0 || r.CPUs <= 0 {
		t.Errorf("Read() = %+v", r)
	}
}

// FuzzLinuxSampler reads files of any content: the sampler says what is wrong, or what it says can
// be used.
func FuzzLinuxSampler(f *testing.F) {
	names := []string{
		"proc/meminfo", "proc/stat", "proc/self/cgroup", "proc/self/mountinfo", "proc/self/status",
		"sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory.current", "sys/fs/cgroup/memory.stat",
		"sys/fs/cgroup/cpu.max", "sys/fs/cgroup/cpu.stat", "sys/fs/cgroup/cpuset.cpus.effective",
	}
	seed := func(f *testing.F, from files) {
		f.Helper()
		f.Add(from[names[0]], from[names[1]], from[names[2]], from[names[3]], from[names[4]], from[names[5]],
			from[names[6]], from[names[7]], from[names[8]], from[names[9]], from[names[10]])
	}
	seed(f, host)
	seed(f, container)
	seed(f, container.with(files{
		"proc/self/status":                    "Cpus_allowed_list:\t0-3,5\n",
		"sys/fs/cgroup/cpuset.cpus.effective": "1-2,4-4\n",
	}))
	seed(f, files{
		"proc/meminfo": "MemTotal: 1 kB\nMemAvailable: 9 kB\n", "proc/stat": "cpu 1\ncpu0 1\n",
		"proc/self/cgroup": "0::/a/../b\n", "proc/self/mountinfo": "1 2 3 /\\057 /sys/fs/\\143group - cgroup2 x",
		"sys/fs/cgroup/memory.max": "0", "sys/fs/cgroup/memory.current": "1",
		"sys/fs/cgroup/cpu.max": "1 18446744073709551615", "sys/fs/cgroup/cpu.stat": "usage_usec 0",
		"sys/fs/cgroup/cpuset.cpus.effective": "0-4294967295",
	})
	f.Fuzz(func(t *testing.T, meminfo, stat, cgroup, mountinfo, status,
		limit, current, memory, quota, usage, cpuset string,
	) {
		fsys := files{}
		for i, text := range []string{
			meminfo, stat, cgroup, mountinfo, status, limit, current, memory, quota, usage, cpuset,
		} {
			fsys[names[i]] = text
		}
		s, err := slots.NewLinuxSampler(slots.LinuxOptions{FS: fsys.fs()})
		if err != nil {
			return
		}
		r, err := s.Read()
		if err != nil {
			t.Fatalf("the second of two readings: %v", err)
		}
		if r.MemoryLimit == 0 || r.CPUTime < 0 || !(r.CPUs > 0) || math.IsInf(r.CPUs, 0) {
			t.Errorf("Read() = %+v, which no controller can use", r)
		}
	})
}
