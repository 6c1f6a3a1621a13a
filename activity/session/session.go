package session

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
)

// The activities of sessions.
const (
	Creation   = "internalSessionCreationActivity"
	Completion = "internalSessionCompletionActivity"
)

// CreationQueue is where sessions of the workers of a task queue are asked for.
func CreationQueue(taskQueue string) string { return taskQueue + "__internal_session_creation" }

// An Announcement is what a workflow learns of its session, by a signal with the session's name.
type Announcement struct {
	// Taskqueue is where the session's activities are to be.
	Taskqueue string
	// HostName is the machine.
	HostName string
	// ResourceID is the process.
	ResourceID string
}

// Options of [Sessions].
type Options struct {
	// ID tells this worker from all others that there are or have been. Required.
	ID string
	// Room makes room for one more session that came by the worker's own queue, where whoever polls
	// does not know of sessions: ok is false if there is none, else the session calls release in the
	// end. Those that come by the [CreationQueue] need room before they are polled for. Required.
	Room func() (release func(), ok bool)
	// Announce signals the workflow execution. Required.
	Announce func(ctx context.Context, w activity.WorkflowExecution, signal string, a Announcement) error
	// Host names the machine; default: its name as the system has it.
	Host string
}

// Sessions are those of one worker. They are safe for concurrent use.
type Sessions struct {
	options Options

	mu   sync.Mutex
	open map[string]chan struct{} // by the session's name; closed when it is completed
}

// New returns the sessions of a worker, or an error that names what is missing.
func New(o Options) (*Sessions, error) {
	switch {
	case o.ID == "":
		return nil, errors.New("session.Options: ID is empty: it is required")
	case o.Room == nil:
		return nil, errors.New("session.Options: Room is nil: it is required")
	case o.Announce == nil:
		return nil, errors.New("session.Options: Announce is nil: it is required")
	}
	if o.Host == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "unknown"
		}
		o.Host = host
	}
	return &Sessions{options: o, open: make(map[string]chan struct{})}, nil
}

// Queue is the worker's own queue.
func (s *Sessions) Queue() string { return s.options.ID + "@" + s.options.Host }

// Register registers the activities of sessions.
func (s *Sessions) Register(r *activity.Registry) error {
	return errors.Join(
		// After the usual pause, 0.8 of the heartbeat timeout, a hiccup of the network would be
		// the end of a session, and nothing mends that.
		r.RegisterActivityWithOptions(s.create, activity.RegisterOptions{
			Name: Creation, MaxHeartbeatThrottleInterval: longestBeat / 2,
		}),
		r.RegisterActivityWithOptions(s.complete, activity.RegisterOptions{Name: Completion}))
}

// Open returns how many sessions are open.
func (s *Sessions) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// longestBeat is the longest pause between two heartbeats of a session.
const longestBeat = 10 * time.Second

// create is a session: it runs for as long as that lasts.
func (s *Sessions) create(ctx context.Context, name string) error {
	info := activity.GetInfo(ctx)
	if info.TaskQueue == s.Queue() {
		release, ok := s.options.Room()
		if !ok {
			return temporal.NewApplicationError("too many outstanding sessions", "")
		}
		defer release()
	}
	completed := s.begin(name)
	defer s.end(name, completed)
	err := s.options.Announce(ctx, info.WorkflowExecution, name, Announcement{
		Taskqueue: s.Queue(), HostName: s.options.Host, ResourceID: s.options.ID,
	})
	if err != nil {
		return err
	}
	pause := longestBeat
	if t := info.HeartbeatTimeout; t > 0 {
		pause = min(pause, t/3)
	}
	beat := time.NewTicker(max(pause, time.Millisecond))
	defer beat.Stop()
	for {
		select {
		case <-completed:
			return nil
		case <-beat.C:
			activity.RecordHeartbeat(ctx) // its answer may cancel ctx
		case <-ctx.Done():
			return over(ctx)
		}
	}
}

// over is how a session ends that was not completed. What the workflow did not ask for must not be
// tried again: the session's activities are on the queue of this worker. So the error has no cause by
// which it would pass for an activity's that stopped because it was told to.
func over(ctx context.Context) error {
	cause := context.Cause(ctx)
	if temporal.IsCanceledError(cause) {
		return ctx.Err()
	}
	return temporal.NewApplicationErrorWithOptions("session failed due to worker shutdown",
		"SessionWorkerShutdown", temporal.ApplicationErrorOptions{NonRetryable: true})
}

// begin notes the session; the channel is closed when it is completed.
func (s *Sessions) begin(name string) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := make(chan struct{})
	s.open[name] = c
	return c
}

// end forgets the session, unless another attempt at it has begun since.
func (s *Sessions) end(name string, c chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[name] == c {
		delete(s.open, name)
	}
}

// complete ends the session.
func (s *Sessions) complete(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.open[name]; ok {
		delete(s.open, name)
		close(c)
	}
	return nil
}
