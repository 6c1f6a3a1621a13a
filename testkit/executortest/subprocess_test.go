package executortest_test

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/subprocess"
	"github.com/mainspring-go/mainspring/testkit/executortest"
)

// The test binary is the program that children run, too.
func TestMain(m *testing.M) {
	registry := activity.NewRegistry()
	if err := executortest.Register(registry); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	subprocess.Main(subprocess.Program{Registry: registry})
	os.Exit(m.Run())
}

// Activities in other processes keep the contract.
func TestSubprocesses(t *testing.T) {
	closing := func(e activity.Executor) {
		if e, ok := e.(*subprocess.Executor); ok {
			e.Close()
		}
	}
	executortest.TestExecutor(t, func(t *testing.T, capacity int) activity.Executor {
		t.Helper()
		e, err := subprocess.New(subprocess.Options{
			Size: capacity, Stderr: io.Discard, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(e.Close)
		return e
	}, executortest.Abilities{
		Remote: true, Settle: 20 * time.Millisecond,
		Close: closing,
		Break: closing,
	})
}
