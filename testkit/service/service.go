package service

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// Defaults of [Options].
const (
	// DefaultNamespace is the namespace that exists unless others are asked for.
	DefaultNamespace = "default"
	// DefaultPollTimeout is how long a poll for tasks waits.
	DefaultPollTimeout = time.Minute
	// DefaultWaitTimeout is how long a call waits for events or updates.
	DefaultWaitTimeout = 20 * time.Second
	// DefaultPatience is how long time does not skip for a task without a worker.
	DefaultPatience = 2 * time.Second
	// DefaultServerVersion is the version that GetSystemInfo reports: that of the
	// server whose behaviour is followed.
	DefaultServerVersion = "1.32.1"
)

// Options of a [Service]. The zero value of every field is its default.
type Options struct {
	// Namespaces that exist; default [DefaultNamespace] alone.
	Namespaces []string
	// PollTimeout is how long a poll for tasks waits before it is answered with
	// nothing; default [DefaultPollTimeout].
	PollTimeout time.Duration
	// WaitTimeout is how long a call waits for new events or for an update before
	// it is answered as things are; default [DefaultWaitTimeout].
	WaitTimeout time.Duration
	// ServerVersion is what GetSystemInfo reports; default [DefaultServerVersion].
	ServerVersion string
	// Capabilities are those of every namespace; default: [DefaultCapabilities].
	// WorkerPollCompleteOnShutdown makes ShutdownWorker end the worker's polls.
	// Without EagerWorkflowStart, first tasks are not handed to those who start;
	// without SyncUpdate updates are refused, and without AsyncUpdate those whose
	// caller waits until they are accepted. The others are only told.
	Capabilities *namespacepb.NamespaceInfo_Capabilities
	// SystemCapabilities are those of the server; default:
	// [DefaultSystemCapabilities]. Without EagerWorkflowStart, SignalAndQueryHeader,
	// ActivityFailureIncludeHeartbeat or SdkMetadata it overlooks the fields of
	// requests that belong to them, and without UpsertMemo it refuses the command,
	// as a server that is too old for them does. The others are only told: clients
	// act by them.
	SystemCapabilities *workflowservice.GetSystemInfoResponse_Capabilities
	// Limits of namespaces, by their names; default: the server's.
	Limits map[string]Limits
	// Time is the clock of the service; default [TimePasses].
	Time Time
	// Patience is how long, in the time of package time, a clock that skips or is
	// advanced by hand waits for a worker to poll for a task, before it goes on as
	// if there was none; default [DefaultPatience].
	Patience time.Duration
	// SearchAttributes are the custom search attributes of every namespace, with
	// their types; default: none. Others are refused, as a server refuses those that
	// it was not told of.
	SearchAttributes map[string]enumspb.IndexedValueType
	// Seed makes the ids of runs; equal seeds give equal ids. Default: random, since
	// caches of workers in one process may share runs by id.
	Seed uint64
	// Hook stands before every call; nil lets all pass.
	Hook Hook
}

// DefaultCapabilities are the capabilities of a namespace unless a test gives
// others: those of the real server that this service implements.
func DefaultCapabilities() *namespacepb.NamespaceInfo_Capabilities {
	return &namespacepb.NamespaceInfo_Capabilities{
		EagerWorkflowStart: true, SyncUpdate: true, AsyncUpdate: true, WorkerPollCompleteOnShutdown: true,
		WorkerHeartbeats: true, PollerAutoscaling: true,
	}
}

// A Service is a Temporal service in memory. Make it with [New], in the bubble in
// which it is used, and end it with [Service.Close]. Its methods are safe for
// concurrent use.
type Service struct {
	options Options
	api     *server

	mu         sync.Mutex
	random     *rand.Rand
	namespaces map[string]*namespace
	runs       map[string]*run // by run id
	queues     map[queueKey]*queue
	queries    map[string]*query // that a worker has or is to get, by id
	shutdown   map[string]bool   // workers that were told to stop, by instance key
	alarms     alarms
	clock      clock
	stamps     int64    // of workflow tasks
	steps      []func() // what operations have left to do, first come first served
	following  bool     // the steps are on their way

	down      chan struct{} // closed and replaced by Restart, closed by Close
	closed    chan struct{}
	closeOnce sync.Once
	serving   serving
}

// namespace holds the latest run of each workflow id.
type namespace struct {
	name, id string
	current  map[string]*run
	workers  map[string]liveWorker // that send heartbeats, by instance key
	limits   Limits

	deployments map[string]*deployment
	elsewhere   string // the cluster that is active, if it is another one
}

// An OptionError says what is wrong with one of the [Options].
type OptionError struct {
	// Field is its name.
	Field string
	// Value is what was given.
	Value string
	// Fix says what to give instead.
	Fix string
}

// Error implements error.
func (e *OptionError) Error() string {
	return fmt.Sprintf("service options: %s is %s: %s", e.Field, e.Value, e.Fix)
}

// New returns a service, or an error that names every option that is wrong.
func New(o Options) (*Service, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if len(o.Namespaces) == 0 {
		o.Namespaces = []string{DefaultNamespace}
	}
	if o.PollTimeout == 0 {
		o.PollTimeout = DefaultPollTimeout
	}
	if o.WaitTimeout == 0 {
		o.WaitTimeout = DefaultWaitTimeout
	}
	if o.Patience == 0 {
		o.Patience = DefaultPatience
	}
	if o.ServerVersion == "" {
		o.ServerVersion = DefaultServerVersion
	}
	if o.Capabilities == nil {
		o.Capabilities = DefaultCapabilities()
	}
	if o.SystemCapabilities == nil {
		o.SystemCapabilities = DefaultSystemCapabilities()
	}
	if o.Seed == 0 {
		o.Seed = rand.Uint64() //nolint:gosec // ids need not be secret
	}
	s := &Service{
		options:    o,
		random:     rand.New(rand.NewPCG(o.Seed, o.Seed)), //nolint:gosec // ids need not be secret
		namespaces: make(map[string]*namespace, len(o.Namespaces)),
		runs:       make(map[string]*run),
		queues:     make(map[queueKey]*queue),
		queries:    make(map[string]*query),
		shutdown:   make(map[string]bool),
		down:       make(chan struct{}),
		closed:     make(chan struct{}),
	}
	for _, name := range o.Namespaces {
		s.namespaces[name] = &namespace{
			name: name, id: s.newID(), current: make(map[string]*run), limits: o.Limits[name].withDefaults(),
		}
	}
	s.api = &server{s: s}
	s.clock = newClock(o.Time)
	s.alarms.ring, s.alarms.until = s.ring, s.clock.until
	return s, nil
}

func (o *Options) check() error {
	var errs []error
	for _, d := range []struct {
		field string
		value time.Duration
	}{{"PollTimeout", o.PollTimeout}, {"WaitTimeout", o.WaitTimeout}, {"Patience", o.Patience}} {
		if d.value < 0 {
			errs = append(errs, &OptionError{
				d.field, d.value.String(), "use zero for the default or a positive duration",
			})
		}
	}
	if o.Time < TimePasses || o.Time > TimeByHand {
		errs = append(errs, &OptionError{
			"Time", strconv.Itoa(int(o.Time)), "use TimePasses, TimeSkips or TimeByHand",
		})
	}
	for name, l := range o.Limits {
		if l.negative() {
			errs = append(errs, &OptionError{
				fmt.Sprintf("Limits[%s]", name), fmt.Sprintf("%+v", l), "use zero for the default or a positive number",
			})
		}
	}
	for i, name := range o.Namespaces {
		if name == "" {
			errs = append(errs, &OptionError{
				fmt.Sprintf("Namespaces[%d]", i), "empty", "give the namespace a name",
			})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.SearchAttributes)) {
		if err := checkAttribute(name, o.SearchAttributes[name]); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Close ends the service: polls and other calls that wait are answered with an
// error of code Unavailable, timers stop, servers too. It waits for the servers
// and returns nil.
func (s *Service) Close() error {
	s.closeOnce.Do(func() {
		s.mu.Lock()
		close(s.closed)
		close(s.down)
		s.alarms.stop()
		if s.clock.later != nil {
			s.clock.later.Stop()
		}
		s.mu.Unlock()
	})
	s.serving.close()
	return nil
}

// Client returns a client that calls the service without a connection. Messages
// are copied both ways, and errors are gRPC statuses, as if there were one.
func (s *Service) Client() workflowservice.WorkflowServiceClient {
	return workflowservice.NewWorkflowServiceClient(direct{s: s})
}

// Direct returns a [Service.Client] in the form that a worker of core/worker
// takes. If ShutdownWorker ends polls (see [Options.Capabilities]), polls through
// it are patient: they wait until there is a task, past the deadline of their
// context. An idle worker then leaves the clock of a bubble alone, and a month
// takes no time; otherwise each of its polls wakes up every minute.
func (s *Service) Direct() Direct {
	return Direct{workflowservice.NewWorkflowServiceClient(direct{
		s: s, patient: s.options.Capabilities.GetWorkerPollCompleteOnShutdown(),
	})}
}

// Direct is a client in the form that workers take; see [Service.Direct].
type Direct struct {
	client workflowservice.WorkflowServiceClient
}

// WorkflowService returns the client.
func (d Direct) WorkflowService() workflowservice.WorkflowServiceClient { return d.client }

// newID returns an id in the form of a UUID.
func (s *Service) newID() string {
	a, b := s.random.Uint64(), s.random.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x",
		uint32(a), uint16(a>>32), (a>>48)&0xfff, b&0xfff, (b>>16)&0xffffffffffff) //nolint:gosec // meant
}

// direct is a connection that calls the handlers of the service.
type direct struct {
	s       *Service
	patient bool
}

// patience is the key of a context whose polls are patient.
type patience struct{}

var errStreams = errors.New("service: WorkflowService has no streams")

func (d direct) NewStream(
	context.Context, *grpc.StreamDesc, string, ...grpc.CallOption,
) (grpc.ClientStream, error) {
	return nil, errStreams
}

func (d direct) Invoke(ctx context.Context, method string, args, reply any, _ ...grpc.CallOption) error {
	request, isRequest := args.(proto.Message)
	out, isReply := reply.(proto.Message)
	if !isRequest || !isReply {
		return fmt.Errorf("service: %s: %T and %T are not messages", method, args, reply)
	}
	if d.patient {
		ctx = context.WithValue(ctx, patience{}, true)
	}
	response, err := d.s.call(ctx, method, proto.Clone(request))
	if err != nil {
		return statusOf(err)
	}
	proto.Reset(out)
	proto.Merge(out, response)
	return nil
}
