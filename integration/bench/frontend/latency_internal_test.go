package frontend

import (
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	commonpb "go.temporal.io/api/common/v1"
)

func TestTasksArriveAtTheirRateAndIndependently(t *testing.T) {
	t.Parallel()
	const n, rate = 100_000, 400
	p := newPace(rate, 1)
	var sum, squares float64
	for range n {
		gap := p.gap().Seconds()
		sum += gap
		squares += gap * gap
	}
	mean := sum / n
	deviation := math.Sqrt(squares/n - mean*mean)
	// Of exponential gaps the deviation is the mean.
	for name, got := range map[string]float64{"mean": mean, "deviation": deviation} {
		if math.Abs(got*rate-1) > 0.02 {
			t.Errorf("the %s of the gaps is %v s, want 1/%d", name, got, rate)
		}
	}
	if newPace(rate, 2).gap() == newPace(rate, 3).gap() {
		t.Error("two seeds have one gap")
	}
	one, again := newPace(rate, 2), newPace(rate, 2)
	for range 10 {
		if a, b := one.gap(), again.gap(); a != b {
			t.Errorf("one seed has gaps of %v and %v", a, b)
		}
	}
}

// What is late waits for none of the tasks that should have arrived, and for the rest as if it had not
// been late.
func TestPaceIsKeptAfterAPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const rate = 10
		began := time.Now()
		p := newPace(rate, 1)
		time.Sleep(time.Minute)
		for range rate * 60 * 2 {
			if err := p.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took < 110*time.Second || took > 130*time.Second {
			t.Errorf("tasks for two minutes took %v", took)
		}
	})
}

func TestLatencyIsThatOfTheResult(t *testing.T) {
	t.Parallel()
	now, err := Clock()
	if err != nil {
		t.Fatal(err)
	}
	stamp, err := Stamp()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		put    int64
		result *commonpb.Payloads
		wrong  string // part of the error
	}{
		{"a moment after", now, stamp, ""},
		{"before the task was there", now + int64(time.Hour), stamp, "when its task was there"},
		{"in the future", now, jsonPayload("9223372036854775807"), "when its task was there"},
		{"no time", now, textPayload(10), "not the time"},
		{"nothing", now, nil, "0 results"},
	} {
		r := &run{}
		r.available.Store(test.put)
		switch took, err := r.latency(test.result); {
		case test.wrong == "" && (err != nil || took < 0 || took > time.Minute):
			t.Errorf("%s: %v, %v", test.name, took, err)
		case test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)):
			t.Errorf("%s: %v, want an error with %q", test.name, err, test.wrong)
		}
	}
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(100 - i)
	}
	for _, test := range []struct {
		all     []time.Duration
		percent int
		want    time.Duration
	}{
		{nil, 50, 0},
		{[]time.Duration{7}, 50, 7},
		{[]time.Duration{7}, 99, 7},
		{[]time.Duration{3, 1, 2}, 50, 2},
		{hundred, 50, 50},
		{hundred, 99, 99},
		{hundred, 100, 100},
		{hundred, 0, 1},
	} {
		if got := percentile(test.all, test.percent); got != test.want {
			t.Errorf("percentile %d of %v is %d, want %d", test.percent, test.all, got, test.want)
		}
	}
}
