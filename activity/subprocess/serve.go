package subprocess

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// server is the main loop of a child: it answers pings and runs one call at a time.
type server struct {
	program  *Program
	registry *activity.Registry
	invoke   activity.Invoke // nil without middleware
	manager  activity.SharedStateManager
	limits   Limits
	in       io.Reader
	out      *frameWriter

	mu      sync.Mutex
	current *attempt // nil while there is none
}

func newServer(p *Program, r *activity.Registry, l Limits, in io.Reader, out io.Writer) *server {
	s := &server{
		program: p, registry: r, manager: p.SharedStateManager, limits: l, in: in, out: &frameWriter{w: out},
	}
	if len(p.Middleware) > 0 {
		s.invoke = activity.Chain(p.Middleware...)
	}
	if s.manager == nil {
		s.manager = NewSharedState()
	}
	return s
}

// serve returns when the executor has closed its end, be it that it is done or that it is gone.
// What runs then ends with the process.
func (s *server) serve() error {
	hello := hello{protocol: protocol, middleware: s.invoke != nil}
	if err := s.out.write(kindHello, hello.marshal()); err != nil {
		return fmt.Errorf("the executor does not listen: %w", err)
	}
	for {
		k, body, err := readFrame(s.in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("what the executor sends: %w", err)
		}
		if err := s.handle(k, body); err != nil {
			return fmt.Errorf("what the executor sends: %w", err)
		}
	}
}

// handle deals with a frame. It does not wait for calls.
func (s *server) handle(k kind, body []byte) error {
	switch k {
	case kindPing:
		return s.out.write(kindPong, nil)
	case kindCall:
		var m callMessage
		if err := m.unmarshal(body); err != nil {
			return err
		}
		return s.begin(&m)
	case kindState:
		var m stateMessage
		if err := m.unmarshal(body); err != nil {
			return err
		}
		s.mu.Lock()
		a := s.current
		s.mu.Unlock()
		if a == nil || a.id != m.id {
			return nil // it has ended
		}
		return a.half.Receive(m.body)
	default:
		return garbage("a child does not take frames of kind %q", k)
	}
}

// begin starts a call.
func (s *server) begin(m *callMessage) error {
	a := s.newAttempt(m)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil {
		return garbage("a call came while another one runs")
	}
	s.current = a
	go a.run()
	return nil
}

// end lets the next call begin, and tells the executor how this one ended.
func (s *server) end(a *attempt, m *resultMessage) {
	s.mu.Lock()
	s.current = nil
	s.mu.Unlock()
	m.id = a.id
	body, err := m.marshal()
	if err == nil {
		err = s.out.write(kindResult, body)
	}
	if err == nil {
		return
	}
	// What cannot be said is said to be so; if that fails, too, the executor is gone.
	m = &resultMessage{id: a.id, failed: send(
		tooLarge(fmt.Errorf("the outcome of the activity cannot be sent: %w", err)), nil, failures(a.dc))}
	if body, err = m.marshal(); err == nil {
		_ = s.out.write(kindResult, body)
	}
}

// bind makes the converters of one call.
func (s *server) bind(ctx context.Context, a *attempt) {
	a.dc = s.program.DataConverter
	if a.dc == nil {
		a.dc = converter.GetDefaultDataConverter()
	}
	a.dc = converter.WithContext(ctx, a.dc)
	about := converter.ActivitySerializationContext{
		Namespace:    a.info.Namespace,
		WorkflowID:   a.info.WorkflowExecution.ID,
		ActivityType: a.info.ActivityType.Name,
		TaskQueue:    a.info.TaskQueue,
	}
	if a.info.WorkflowType != nil {
		about.WorkflowType = a.info.WorkflowType.Name
	}
	a.dc = converter.WithDataConverterSerializationContext(a.dc, about)
	a.fc = s.program.FailureConverter
	if a.fc == nil {
		a.fc = failures(a.dc)
	}
	a.fc = converter.WithFailureConverterSerializationContext(a.fc, about)
}
