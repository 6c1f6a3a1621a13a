package gopsutil_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/slots"
	"github.com/mainspring-go/mainspring/slots/gopsutil"
)

func read(t *testing.T) slots.Reading {
	t.Helper()
	r, err := gopsutil.Sampler{}.Read()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReadingMakesSense(t *testing.T) {
	first := read(t)
	if first.MemoryUsed == 0 || first.MemoryUsed >= first.MemoryLimit || first.CPUTime <= 0 || first.CPUs < 1 {
		t.Errorf("Read() = %+v", first)
	}
	if second := read(t); second.CPUTime < first.CPUTime || second.MemoryLimit != first.MemoryLimit {
		t.Errorf("Read() = %+v after %+v: CPU time goes back, or memory changes size", second, first)
	}
}

// On Linux there are two samplers: of the machine as a whole they must say the same.
func TestAgreesWithTheLinuxSampler(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skipf("there is no other sampler on %s", runtime.GOOS)
	}
	own, err := slots.NewLinuxSampler(slots.LinuxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want, err := own.Read()
	if err != nil {
		t.Fatal(err)
	}
	got := read(t)
	if got.CPUs != want.CPUs || got.MemoryLimit != want.MemoryLimit {
		t.Skipf("the control group has limits of its own: %+v, the machine %+v", want, got)
	}
	const gib = 1 << 30
	// The system counts in ticks of 10 ms, and gopsutil in floating point.
	if d := got.CPUTime - want.CPUTime; d < -10*time.Millisecond || d.Seconds() > 60*want.CPUs {
		t.Errorf("CPUTime = %v, want %v or a little more", got.CPUTime, want.CPUTime)
	}
	if d := int64(got.MemoryUsed) - int64(want.MemoryUsed); d < -gib || d > gib {
		t.Errorf("MemoryUsed = %d, want about %d", got.MemoryUsed, want.MemoryUsed)
	}
}

func BenchmarkRead(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (gopsutil.Sampler{}).Read(); err != nil {
			b.Fatal(err)
		}
	}
}
