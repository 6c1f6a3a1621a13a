package worker_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"

	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// asFrontend in the environment makes the test binary a server instead of running tests, so that
// the CPU time of a benchmark is that of its worker alone.
const asFrontend = "MAINSPRING_TEST_FRONTEND"

func TestMain(m *testing.M) {
	if os.Getenv(asFrontend) != "" {
		if err := serveBelt(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// A fastBelt is a server that hands out activities as fast as it is asked for them, and checks
// that each comes back once with its input as the result.
type fastBelt struct {
	workflowservice.UnimplementedWorkflowServiceServer

	task  *workflowservice.PollActivityTaskQueueResponse
	tasks chan uint64

	back     atomic.Uint64 // the sum of the numbers that came back
	done     atomic.Int64
	wrong    atomic.Int64
	all      atomic.Int64
	finished chan struct{}
}

// serveBelt serves on a port of its own, whose address it writes first. Each number that it reads
// is how many tasks to hand out; it answers when they are done, with ok or with what was wrong.
func serveBelt(in io.Reader, out io.Writer) error {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	belt := &fastBelt{
		task: activityTask("Echo", 0, text), tasks: make(chan uint64, 1000), finished: make(chan struct{}, 1),
	}
	server := grpc.NewServer()
	workflowservice.RegisterWorkflowServiceServer(server, belt)
	go func() { _ = server.Serve(listener) }()
	defer server.Stop()
	fmt.Fprintln(out, listener.Addr())
	for {
		var n int64
		if _, err := fmt.Fscan(in, &n); err != nil {
			return nil // the benchmark is over
		}
		fmt.Fprintln(out, belt.handOut(n))
	}
}

// handOut hands out n tasks, waits for their results and tells how it went.
func (f *fastBelt) handOut(n int64) string {
	f.back.Store(0)
	f.done.Store(0)
	f.all.Store(n)
	sum := uint64(0)
	for i := range uint64(n) {
		f.tasks <- i
		sum += i
	}
	<-f.finished
	if wrong := f.wrong.Load(); wrong > 0 || f.back.Load() != sum {
		return fmt.Sprintf("wrong: %d results, and the sum of the numbers is %d, want %d", wrong, f.back.Load(), sum)
	}
	return "ok"
}

func (f *fastBelt) DescribeNamespace(
	context.Context, *workflowservice.DescribeNamespaceRequest,
) (*workflowservice.DescribeNamespaceResponse, error) {
	return &workflowservice.DescribeNamespaceResponse{NamespaceInfo: &namespacepb.NamespaceInfo{}}, nil
}

func (f *fastBelt) PollActivityTaskQueue(
	ctx context.Context, _ *workflowservice.PollActivityTaskQueueRequest,
) (*workflowservice.PollActivityTaskQueueResponse, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case n := <-f.tasks:
		t := proto.CloneOf(f.task)
		t.TaskToken = binary.BigEndian.AppendUint64(make([]byte, 92, 100), n)
		return t, nil
	}
}

func (f *fastBelt) RespondActivityTaskCompleted(
	_ context.Context, r *workflowservice.RespondActivityTaskCompletedRequest,
) (*workflowservice.RespondActivityTaskCompletedResponse, error) {
	p := r.GetResult().GetPayloads()
	if len(p) != 1 || !bytes.Equal(p[0].GetData(), f.task.GetInput().GetPayloads()[0].GetData()) {
		f.wrong.Add(1)
	}
	f.back.Add(binary.BigEndian.Uint64(r.GetTaskToken()[92:]))
	if f.done.Add(1) == f.all.Load() {
		f.finished <- struct{}{}
	}
	return &workflowservice.RespondActivityTaskCompletedResponse{}, nil
}

// A beltProcess is a fastBelt in a process of its own.
type beltProcess struct {
	address string
	in      io.Writer
	out     *bufio.Scanner
}

func startBelt(b *testing.B) *beltProcess {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), asFrontend+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait() // canceled with the context if it did not end before
	})
	p := &beltProcess{in: in, out: bufio.NewScanner(out)}
	p.address = p.line(b)
	return p
}

func (p *beltProcess) line(b *testing.B) string {
	b.Helper()
	if !p.out.Scan() {
		b.Fatal("the server has ended: ", p.out.Err())
	}
	return p.out.Text()
}

// handOut has the server hand out n tasks and returns when all are done.
func (p *beltProcess) handOut(b *testing.B, n int) {
	b.Helper()
	fmt.Fprintln(p.in, n)
	if said := p.line(b); said != "ok" {
		b.Fatal(said)
	}
}
