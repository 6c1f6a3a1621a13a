package executortest_test

import (
	"testing"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/testkit/executortest"
)

func TestInPlace(t *testing.T) {
	executortest.TestExecutor(t, func(*testing.T, int) activity.Executor { return activity.InPlace{} },
		executortest.Abilities{Unlimited: true, InPlace: true})
}

// poolAbilities are those of activity.Pool, and of the broken ones.
func poolAbilities() executortest.Abilities {
	closing := func(e activity.Executor) {
		if c, ok := e.(interface{ Close() }); ok {
			c.Close()
		}
	}
	return executortest.Abilities{Close: closing, Break: closing}
}

func TestPool(t *testing.T) {
	executortest.TestExecutor(t, func(t *testing.T, capacity int) activity.Executor {
		t.Helper()
		p, err := activity.NewPool(capacity)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}, poolAbilities())
}
