package connect_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mainspring-go/mainspring/core/connect"
)

func TestWhichErrorsAreRetried(t *testing.T) {
	for code, retried := range map[codes.Code]bool{
		codes.Aborted:            true,
		codes.DataLoss:           true,
		codes.Internal:           true,
		codes.OutOfRange:         true,
		codes.ResourceExhausted:  true,
		codes.Unavailable:        true,
		codes.Unknown:            true,
		codes.AlreadyExists:      false,
		codes.Canceled:           false,
		codes.DeadlineExceeded:   false,
		codes.FailedPrecondition: false,
		codes.InvalidArgument:    false,
		codes.NotFound:           false,
		codes.PermissionDenied:   false,
		codes.Unauthenticated:    false,
		codes.Unimplemented:      false,
	} {
		t.Run(code.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t)
				s.errs = []error{refused(code), refused(code)}
				err := ask(t, s.dial(t, connect.Options{}))
				if retried && (err != nil || s.calls() != 3) || !retried && (err == nil || s.calls() != 1) {
					t.Errorf("error %v after %d calls", err, s.calls())
				}
			})
		})
	}
}

// Retries come later and later and end after ten seconds with the last error.
func TestBackOff(t *testing.T) {
	for code, first := range map[codes.Code]time.Duration{
		codes.Unavailable:       100 * time.Millisecond,
		codes.ResourceExhausted: time.Second, // the server asked for less
	} {
		synctest.Test(t, func(t *testing.T) {
			s := serve(t)
			s.always = refused(code)
			began := time.Now()
			err := ask(t, s.dial(t, connect.Options{}))
			if serviceerror.ToStatus(err).Code() != code {
				t.Errorf("%v: error %v", code, err)
			}
			if took := time.Since(began); took < 4*time.Second || took > 10*time.Second {
				t.Errorf("%v: took %v", code, took)
			}
			if n := len(s.at); n < 4 || n > 12 {
				t.Errorf("%v: %d attempts", code, n)
			}
			if gap := s.at[1].Sub(s.at[0]); gap < first*8/10 || gap > first*12/10 {
				t.Errorf("%v: first pause %v", code, gap)
			}
			last := len(s.at) - 1
			if gap := s.at[last].Sub(s.at[last-1]); gap < time.Second*8/10 {
				t.Errorf("%v: last pause %v", code, gap)
			}
		})
	}
}

func TestContextEndsRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		s.always = refused(codes.Unavailable)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		var down *serviceerror.Unavailable
		if err := askWithin(ctx, s.dial(t, connect.Options{})); !errors.As(err, &down) {
			t.Errorf("error %v: it must be what the server said", err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestPollsAreNotRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		s.always = refused(codes.Unavailable)
		_, err := s.dial(t, connect.Options{}).WorkflowService().PollActivityTaskQueue(t.Context(),
			&workflowservice.PollActivityTaskQueueRequest{})
		if err == nil || s.calls() != 1 {
			t.Errorf("error %v after %d calls", err, s.calls())
		}
	})
}

// What cannot be encoded never can: it never comes to the server.
func TestWhatCannotBeEncodedIsNotRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, began := serve(t), time.Now()
		_, err := s.dial(t, connect.Options{}).WorkflowService().DescribeNamespace(t.Context(),
			&workflowservice.DescribeNamespaceRequest{Id: "\xff"})
		if took := time.Since(began); err == nil || !strings.Contains(err.Error(), "UTF-8") || took > 0 {
			t.Errorf("error %v after %v", err, took)
		}
	})
}

// What is too large once is too large always, whichever end says so.
func TestTooLargeIsNotRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, grpc.MaxRecvMsgSize(1000))
		_, err := s.dial(t, connect.Options{}).WorkflowService().DescribeNamespace(t.Context(),
			&workflowservice.DescribeNamespaceRequest{Namespace: strings.Repeat("x", 2000)})
		var large *serviceerror.ResourceExhausted
		if !errors.As(err, &large) || !strings.Contains(err.Error(), "larger than max") {
			t.Errorf("error %v", err)
		}
		s.errs = []error{status.Error(codes.ResourceExhausted, "grpc: received message larger than max (2 vs. 1)")}
		before, began := s.calls(), time.Now()
		if err := ask(t, s.dial(t, connect.Options{})); err == nil || s.calls() != before+1 || time.Since(began) > 0 {
			t.Errorf("error %v after %d calls", err, s.calls()-before)
		}
	})
}

// Answers are as large as histories are.
func TestLargeAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, grpc.MaxSendMsgSize(64<<20))
		s.version = strings.Repeat("1", 32<<20)
		if err := ask(t, s.dial(t, connect.Options{})); err != nil {
			t.Error(err)
		}
	})
}

// A network can stall: what is sent on its present connections is lost.
type network struct{ stalled []*atomic.Bool }

func (n *network) stall() {
	for _, conn := range n.stalled {
		conn.Store(true)
	}
}

func (n *network) option(s *server) grpc.DialOption {
	return grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
		conn, err := s.listener.DialContext(ctx)
		stalled := new(atomic.Bool)
		n.stalled = append(n.stalled, stalled)
		return stallingConn{conn, stalled}, err
	})
}

type stallingConn struct {
	net.Conn
	stalled *atomic.Bool
}

func (c stallingConn) Write(b []byte) (int, error) {
	if c.stalled.Load() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

// Histories are larger than what gRPC takes by default; the options of the user say otherwise.
func TestTheLimitOfAnswersIsTheUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, grpc.MaxSendMsgSize(1<<30))
		s.version = strings.Repeat("x", 5<<20)
		for _, c := range []struct {
			name    string
			options []grpc.DialOption
			fails   bool
		}{
			{"by default", nil, false},
			{"with another option", []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.WaitForReady(true))}, false},
			{"with a limit", []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(1 << 20))}, true},
		} {
			if err := ask(t, s.dial(t, connect.Options{DialOptions: c.options})); (err != nil) != c.fails {
				t.Errorf("%s: error %v", c.name, err)
			}
		}
	})
}
