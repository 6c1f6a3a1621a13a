package poller_test

import (
	"math"
	"testing"
	"testing/quick"

	"github.com/mainspring-go/mainspring/poller"
)

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		total          int
		ratio          float64
		normal, sticky int
	}{
		{5, poller.DefaultRatio, 1, 4},
		{1, .2, 1, 1}, // two polls: each queue needs one
		{2, .2, 1, 1},
		{3, .5, 1, 2},
		{10, .5, 5, 5},
		{10, 1, 10, 1},
		{10, 0, 1, 9},
		{100, .29, 29, 71}, // in 64 bits it would be 28
		{100, .2, 20, 80},
		{0, .2, 1, 1},
		{-3, .2, 1, 1},
		{10, -1, 1, 9},
		{10, 2, 10, 1},
		{10, math.NaN(), 1, 9},
		{math.MaxInt32, 1, math.MaxInt32, 1},
	} {
		normal, sticky := poller.Split(c.total, c.ratio)
		if normal != c.normal || sticky != c.sticky {
			t.Errorf("Split(%d, %g) = %d, %d; want %d, %d",
				c.total, c.ratio, normal, sticky, c.normal, c.sticky)
		}
	}
}

func TestSplitLosesNoPoll(t *testing.T) {
	f := func(total uint16, ratio float64) bool {
		normal, sticky := poller.Split(int(total), math.Mod(math.Abs(ratio), 1))
		sum := normal + sticky
		return normal >= 1 && sticky >= 1 && (sum == int(total) || sum == 2 && total < 2)
	}
	if err := quick.Check(f, nil); err != nil {
		t.Error(err)
	}
}
