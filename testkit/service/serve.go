package service

import (
	"context"
	"errors"
	"net"
	"sync"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"
)

// serving are the gRPC servers of a service.
type serving struct {
	mu      sync.Mutex
	closed  bool
	servers []*grpc.Server
	pipe    *bufconn.Listener
	wg      sync.WaitGroup
}

// Serve answers gRPC calls on the listener until [Service.Close], and then
// returns nil. It closes the listener.
func (s *Service) Serve(listener net.Listener) error {
	f := newFront(listener)
	defer f.stop()
	for {
		server := s.newServer()
		if server == nil {
			return nil
		}
		err := server.Serve(f.listen())
		if broken := f.broken(); broken != nil {
			return broken
		}
		if err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			return err
		}
	}
}

// newServer returns a server that Close will stop; nil if it has been called.
func (s *Service) newServer() *grpc.Server {
	// As with the real server, messages are received up to gRPC's own limit of 4 MiB.
	g := grpc.NewServer(grpc.UnaryInterceptor(s.intercept), grpc.WaitForHandlers(true))
	workflowservice.RegisterWorkflowServiceServer(g, s.api)
	s.serving.mu.Lock()
	defer s.serving.mu.Unlock()
	if s.serving.closed {
		return nil
	}
	s.serving.servers = append(s.serving.servers, g)
	return g
}

// Dial connects to the service through memory; it is for grpc.WithContextDialer,
// with a target such as passthrough:///service. The first connection starts a
// gRPC server, which Close stops. The address is not looked at.
func (s *Service) Dial(ctx context.Context, _ string) (net.Conn, error) {
	pipe, err := s.pipe()
	if err != nil {
		return nil, err
	}
	return pipe.DialContext(ctx)
}

func (s *Service) pipe() (*bufconn.Listener, error) {
	s.serving.mu.Lock()
	pipe := s.serving.pipe
	s.serving.mu.Unlock()
	if pipe != nil {
		return pipe, nil
	}
	g := s.newServer()
	if g == nil {
		return nil, errClosed()
	}
	s.serving.mu.Lock()
	defer s.serving.mu.Unlock()
	if s.serving.pipe == nil {
		s.serving.pipe = bufconn.Listen(1 << 16)
		pipe := s.serving.pipe
		s.serving.wg.Go(func() {
			_ = g.Serve(pipe) // it ends when the server is stopped
			s.serving.forget(pipe)
		})
	}
	return s.serving.pipe, nil
}

// forget lets the next connection begin with a new pipe.
func (v *serving) forget(pipe *bufconn.Listener) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.pipe == pipe {
		v.pipe = nil
	}
}

// restart breaks all connections. It does not wait for calls, one of which may be
// the cause.
func (v *serving) restart() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, g := range v.servers {
		v.wg.Go(g.Stop)
	}
	v.servers, v.pipe = nil, nil
}

// close stops the servers and waits for them. Calls in flight end on their own,
// since the service is closed.
func (v *serving) close() {
	v.mu.Lock()
	v.closed = true
	servers := v.servers
	v.servers = nil
	v.mu.Unlock()
	for _, g := range servers {
		g.Stop()
	}
	v.wg.Wait()
}
