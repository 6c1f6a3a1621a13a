package workflow

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/mainspring-go/mainspring/temporal"
)

// SessionState says how a session stands.
type SessionState int

// The states of a session.
const (
	SessionStateOpen SessionState = iota
	SessionStateFailed
	SessionStateClosed
)

// ErrSessionFailed is the error of activities of a session that has failed: its worker is gone.
var ErrSessionFailed = errors.New("session has failed")

var errSessionOpen = errors.New("the context has an open session already: complete that one first, " +
	"or create the new one with the context from before it")

// SessionOptions are the options of [CreateSession].
type SessionOptions struct {
	// ExecutionTimeout bounds the session. Required.
	ExecutionTimeout time.Duration
	// CreationTimeout bounds the wait for a worker that has room for one; default: none but the
	// workflow's own.
	CreationTimeout time.Duration
	// HeartbeatTimeout is how soon a worker that is gone is noticed; default 20 s.
	HeartbeatTimeout time.Duration
}

func (o *SessionOptions) validate() error {
	switch {
	case o == nil:
		return errors.New("session options are nil: give some with an ExecutionTimeout")
	case o.ExecutionTimeout <= 0:
		return fmt.Errorf("session options: ExecutionTimeout is %v: set how long the session may last",
			o.ExecutionTimeout)
	case o.CreationTimeout < 0 || o.HeartbeatTimeout < 0:
		return fmt.Errorf("session options: CreationTimeout is %v and HeartbeatTimeout %v: "+
			"use zero for the default or a positive duration", o.CreationTimeout, o.HeartbeatTimeout)
	default:
		return nil
	}
}

// SessionInfo describes a session.
type SessionInfo struct {
	// SessionID names the session.
	SessionID string
	// HostName is where its worker runs.
	HostName string
	// SessionState is how it stands now.
	SessionState SessionState

	queue  string // of its worker alone
	cancel CancelFunc
	after  Context // what is left when the session's own context is canceled
}

// recreation is what a token says.
type recreation struct{ Taskqueue string }

// GetRecreateToken returns what [RecreateSession] needs to create another session with the same
// worker, such as in the next run of a workflow.
func (s *SessionInfo) GetRecreateToken() []byte {
	token, _ := json.Marshal(recreation{s.queue}) // one string: it cannot fail
	return token
}

// The activities by which a session is made and ended, and what comes with the signal that says that
// it is made; the workers of the Go SDK know them by the same names.
const (
	sessionCreation   = "internalSessionCreationActivity"
	sessionCompletion = "internalSessionCompletionActivity"
)

type sessionCreated struct {
	Taskqueue  string
	HostName   string
	ResourceID string
}

// CreateSession has a worker set room aside, and returns a context whose activities all run there, for
// work that needs the same machine, such as a file on its disk. The worker is one of the task queue of
// the activity options of ctx, with EnableSessionWorker set.
//
// It blocks until a worker has room, for CreationTimeout at most. The session's context is canceled
// when the session ends: by [CompleteSession], or because its worker is gone; after that its
// activities fail with [ErrSessionFailed]. An activity that fails does not end the session.
//
//	session, err := workflow.CreateSession(ctx, &workflow.SessionOptions{
//		CreationTimeout: time.Minute, ExecutionTimeout: time.Hour,
//	})
//	if err != nil {
//		return err
//	}
//	defer workflow.CompleteSession(session)
func CreateSession(ctx Context, sessionOptions *SessionOptions) (Context, error) {
	queue := GetActivityOptions(ctx).TaskQueue
	if queue == "" {
		queue = GetInfo(ctx).TaskQueueName
	}
	return createSession(ctx, queue+"__internal_session_creation", sessionOptions)
}

// RecreateSession is [CreateSession] with the very worker that had the session of the token, see
// [SessionInfo.GetRecreateToken].
func RecreateSession(ctx Context, recreateToken []byte, sessionOptions *SessionOptions) (Context, error) {
	var of recreation
	if err := json.Unmarshal(recreateToken, &of); err != nil {
		return nil, fmt.Errorf("session: the token to recreate one cannot be read: %w", err)
	}
	return createSession(ctx, of.Taskqueue, sessionOptions)
}

func createSession(ctx Context, queue string, o *SessionOptions) (Context, error) {
	if s := sessionOf(ctx); s != nil && s.SessionState == SessionStateOpen {
		return nil, errSessionOpen
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	s := &SessionInfo{}
	if err := SideEffect(ctx, func(Context) any { return newSessionID() }).Get(&s.SessionID); err != nil {
		return nil, err
	}
	created := GetSignalChannel(ctx, s.SessionID)
	s.after = WithValue(ctx, sessionKey, s)
	sessionCtx, cancel := WithCancel(s.after)
	s.cancel = cancel
	creation := startSession(sessionCtx, queue, o, s.SessionID)

	var answer sessionCreated
	var failed error
	NewSelector(sessionCtx).
		AddReceive(created, func(c ReceiveChannel, _ bool) { c.Receive(sessionCtx, &answer) }).
		AddFuture(creation, func(f Future) { failed = f.Get(sessionCtx, nil) }).
		Select(sessionCtx)
	if failed != nil {
		cancel()
		return nil, failed
	}
	s.queue, s.HostName = answer.Taskqueue, answer.HostName
	Go(sessionCtx, func(ctx Context) { s.watch(ctx, creation) })
	runOf(ctx).openSession(s)
	return sessionCtx, nil
}

// startSession asks for a worker: the activity runs there for as long as the session does.
func startSession(ctx Context, queue string, o *SessionOptions, id string) Future {
	heartbeat := o.HeartbeatTimeout
	if heartbeat == 0 {
		heartbeat = 20 * time.Second
	}
	ctx = WithActivityOptions(ctx, ActivityOptions{
		TaskQueue:              queue,
		ScheduleToStartTimeout: o.CreationTimeout,
		StartToCloseTimeout:    o.ExecutionTimeout,
		HeartbeatTimeout:       heartbeat,
		// Tried again is only what found no room: a session whose worker is gone has failed.
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:        time.Second,
			BackoffCoefficient:     1.1,
			MaximumInterval:        10 * time.Second,
			NonRetryableErrorTypes: []string{"TemporalTimeout:StartToClose", "TemporalTimeout:Heartbeat"},
		},
	})
	return ExecuteActivity(ctx, sessionCreation, id)
}

// watch ends a session whose worker is gone.
func (s *SessionInfo) watch(ctx Context, creation Future) {
	err := creation.Get(ctx, nil)
	if err == nil || temporal.IsCanceledError(err) {
		return
	}
	runOf(ctx).closeSession(s)
	s.SessionState = SessionStateFailed
	s.cancel()
}

// CompleteSession ends the session of ctx, if it is open, and gives its room back. Its activities are
// canceled. Activities of ctx then run anywhere again.
func CompleteSession(ctx Context) {
	s := sessionOf(ctx)
	if s == nil || s.SessionState != SessionStateOpen {
		return
	}
	s.cancel()
	// The worker would learn of the cancellation with its next heartbeat only, and not at all if the
	// workflow ended first.
	after := WithActivityOptions(s.after, ActivityOptions{
		ScheduleToStartTimeout: 3 * time.Second,
		StartToCloseTimeout:    3 * time.Second,
	})
	if err := ExecuteActivity(after, sessionCompletion, s.SessionID).Get(after, nil); err != nil {
		GetLogger(after).Warn("Complete session activity failed", "Error", err)
	}
	s.SessionState = SessionStateClosed
	runOf(ctx).closeSession(s)
}

// GetSessionInfo returns the session of ctx, or nil if it has none.
func GetSessionInfo(ctx Context) *SessionInfo {
	s := sessionOf(ctx)
	if s == nil {
		GetLogger(ctx).Warn("Context contains no session information")
	}
	return s
}

func sessionOf(ctx Context) *SessionInfo {
	s, _ := ctx.Value(sessionKey).(*SessionInfo)
	return s
}

// sessionQueue returns where an activity of ctx must run because of its session; empty is anywhere.
func sessionQueue(ctx Context, activityType string) (string, error) {
	s := sessionOf(ctx)
	switch {
	case s == nil || activityType == sessionCreation || s.SessionState == SessionStateClosed:
		return "", nil
	case s.SessionState == SessionStateFailed:
		return "", ErrSessionFailed
	default:
		return s.queue, nil
	}
}

func (r *run) openSession(s *SessionInfo) {
	if r.sessions == nil {
		r.sessions = make(map[string]*SessionInfo)
	}
	r.sessions[s.SessionID] = s
}

func (r *run) closeSession(s *SessionInfo) { delete(r.sessions, s.SessionID) }

// openSessions answers the query for them.
func (r *run) openSessions() []*SessionInfo {
	open := make([]*SessionInfo, 0, len(r.sessions))
	for _, id := range slices.Sorted(maps.Keys(r.sessions)) {
		open = append(open, r.sessions[id])
	}
	return open
}

// newSessionID returns a random UUID.
func newSessionID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: see crypto/rand
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}
