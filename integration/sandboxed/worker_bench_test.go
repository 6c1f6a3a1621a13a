package sandboxed_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/core/connect"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/integration/bench/frontend"
	"github.com/mainspring-go/mainspring/integration/sandboxed/workflows"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// beFrontend makes the program the frontend of a benchmark, so that what that uses is not counted.
const beFrontend = "SANDBOXED_BENCH_FRONTEND"

func TestMain(m *testing.M) {
	if os.Getenv(beFrontend) == "" {
		os.Exit(m.Run())
	}
	if err := frontend.Serve(context.Background(), false, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A server is a frontend in a process of its own.
type server struct {
	testing.TB

	address string
	orders  io.Writer
	answers *bufio.Scanner
}

func serve(b testing.TB) *server {
	b.Helper()
	path, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	c := exec.CommandContext(context.WithoutCancel(b.Context()), path) // it ends when in does
	c.Env, c.Stderr = append(os.Environ(), beFrontend+"=1"), os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close() // ends it
		if err := c.Wait(); err != nil {
			b.Error("the frontend:", err)
		}
	})
	s := &server{TB: b, orders: in, answers: bufio.NewScanner(out)}
	s.address = string(s.line())
	return s
}

func (s *server) line() []byte {
	s.Helper()
	if !s.answers.Scan() {
		s.Fatal("the frontend has ended:", s.answers.Err())
	}
	return s.answers.Bytes()
}

// do has units of work done, and fails if any was done wrong.
func (s *server) do(work frontend.Work, units int) {
	s.Helper()
	if err := json.NewEncoder(s.orders).Encode(frontend.Order{Work: work, Units: units}); err != nil {
		s.Fatal(err)
	}
	var o frontend.Outcome
	if err := json.Unmarshal(s.line(), &o); err != nil || o.Wrong != "" {
		s.Fatal(err, o.Wrong)
	}
}

// work starts a worker; r is nil for a native one.
func (s *server) work(r runner.Runner) {
	s.Helper()
	c, err := connect.Dial(connect.Options{Address: s.address, Namespace: frontend.Namespace})
	if err != nil {
		s.Fatal(err)
	}
	w, err := worker.New(c, frontend.TaskQueue, worker.Options{
		Logger: slog.New(slog.DiscardHandler), Workflows: []any{workflows.CountSignals, workflows.OneActivity}, WorkflowRunner: r, NoRemoteActivities: true,
	})
	if err == nil {
		err = w.Start(s.Context())
	}
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := w.Shutdown(ctx); err != nil {
			s.Error("the worker:", err)
		}
		if err := c.Close(); err != nil {
			s.Error("the connection:", err)
		}
	})
}

// A whole workflow task of a worker, from poll to answer. Signals are for runs
// that are cached; of the two-task workflow each run starts, does two tasks and ends.
func BenchmarkWorker(b *testing.B) {
	for _, of := range []struct {
		name    string
		work    frontend.Work
		units   int
		perUnit float64 // tasks
	}{
		{"signal", frontend.Signals, 10 * frontend.SignalsPerFlow, 1 + 1.0/frontend.SignalsPerFlow},
		{"two-task", frontend.TwoTasks, 100, 2},
	} {
		for _, side := range []string{"native", "sandboxed"} {
			b.Run(of.name+"/"+side, func(b *testing.B) {
				var r runner.Runner
				if side == "sandboxed" {
					r = newRunner(b, "suite")
				}
				s := serve(b)
				s.work(r)
				s.do(of.work, of.units) // what is done once
				before, began := processor(), time.Now()
				for b.Loop() {
					s.do(of.work, of.units)
				}
				tasks := float64(b.N*of.units) * of.perUnit
				b.ReportMetric(float64(processor()-before)/tasks/1e3, "cpu-µs/task")
				b.ReportMetric(float64(time.Since(began))/tasks/1e3, "µs/task")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
