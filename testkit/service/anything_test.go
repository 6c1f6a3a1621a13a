package service_test

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	updatepb "go.temporal.io/api/update/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/mainspring-go/mainspring/testkit/service"
)

var anySeeds = flag.Int("anyseeds", 4, "how many seeds of requests with anything in them to try")

// methods are those of WorkflowService.
func methods() []string {
	var out []string
	for _, m := range workflowservice.WorkflowService_ServiceDesc.Methods {
		out = append(out, m.MethodName)
	}
	return out
}

// empty is an empty request to the method.
func (r rig) empty(method string) proto.Message {
	t := reflect.ValueOf(r.c).MethodByName(method).Type()
	m, ok := reflect.TypeAssert[proto.Message](reflect.New(t.In(1).Elem()))
	if !ok {
		r.t.Fatalf("%s takes a %v", method, t.In(1))
	}
	return m
}

// call calls the method; a panic fails the test.
func (r rig) call(method string, request proto.Message) (proto.Message, error) {
	r.t.Helper()
	defer func() {
		if p := recover(); p != nil {
			r.t.Errorf("%s{%v} panics: %v\n%s", method, request, p, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(r.t.Context(), 3*time.Second)
	defer cancel()
	out := reflect.ValueOf(r.c).MethodByName(method).Call([]reflect.Value{
		reflect.ValueOf(ctx), reflect.ValueOf(request),
	})
	err, _ := reflect.TypeAssert[error](out[1])
	response, _ := reflect.TypeAssert[proto.Message](out[0])
	return response, err
}

// modest are the first words of methods that ask for no more than a namespace.
var modest = []string{"Get", "Describe", "List", "Scan", "Count", "Record", "Shutdown", "UpdateTaskQueueConfig"}

// TestEmptyRequests calls every method with nothing but a namespace in the request,
// if that: what is not implemented says so by its name, and of the rest only what
// asks for no more is answered.
func TestEmptyRequests(t *testing.T) {
	t.Parallel()
	in(t, service.Options{}, func(r rig) {
		for _, method := range methods() {
			request := r.empty(method)
			if _, err := r.call(method, request); err == nil && method != "GetSystemInfo" {
				r.t.Errorf("%s takes an empty request", method)
			}
			if f := request.ProtoReflect().Descriptor().Fields().ByName("namespace"); f != nil {
				request.ProtoReflect().Set(f, protoreflect.ValueOfString(service.DefaultNamespace))
			}
			_, err := r.call(method, request)
			switch code := status.Code(err); code {
			case codes.OK:
				if !slices.ContainsFunc(modest, func(prefix string) bool { return strings.HasPrefix(method, prefix) }) {
					r.t.Errorf("%s takes a request without anything", method)
				}
			case codes.Unimplemented:
				// That workflows cannot be paused the server has its own words for.
				if !strings.Contains(err.Error(), method) && !strings.Contains(err.Error(), "pause is not enabled") {
					r.t.Errorf("%s does not say what is not implemented: %v", method, err)
				}
			case codes.InvalidArgument, codes.NotFound:
			default:
				r.t.Errorf("%s: %v", method, err)
			}
		}
	})
}

// TestEmptyCommands answers workflow tasks with a command of every type that has
// no attributes, and with one whose attributes are empty. Nothing but an update's
// message makes sense of that: each is refused, or closes the workflow.
func TestEmptyCommands(t *testing.T) {
	t.Parallel()
	closing := []enumspb.CommandType{
		enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION, enumspb.COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION,
		enumspb.COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION,
	}
	attributes := (&commandpb.Command{}).ProtoReflect().Descriptor().Oneofs().ByName("attributes").Fields()
	for number, name := range enumspb.CommandType_name {
		in(t, service.Options{}, func(r rig) {
			kind := enumspb.CommandType(number)
			for i := range attributes.Len() + 1 {
				command := &commandpb.Command{CommandType: kind}
				if i > 0 {
					command.ProtoReflect().Mutable(attributes.Get(i - 1))
				}
				id := fmt.Sprint("w", i)
				r.start(id, "Any")
				task, err := r.c.PollWorkflowTaskQueue(r.t.Context(), &workflowservice.PollWorkflowTaskQueueRequest{
					Namespace: service.DefaultNamespace, TaskQueue: queue(),
				})
				if err != nil {
					r.t.Fatal(err)
				}
				_, err = r.call("RespondWorkflowTaskCompleted", &workflowservice.RespondWorkflowTaskCompletedRequest{
					Namespace: service.DefaultNamespace, TaskToken: task.GetTaskToken(), Commands: []*commandpb.Command{command},
				})
				switch code := status.Code(err); code {
				case codes.InvalidArgument, codes.Unimplemented:
				case codes.OK:
					if !slices.Contains(closing, kind) {
						r.t.Errorf("%s is taken with %v", name, command)
					}
				default:
					r.t.Errorf("%s with %v: %v", name, command, err)
				}
				// The workflow may be closed; if it is one that continues, there is a new run.
				_, _ = r.call("TerminateWorkflowExecution", &workflowservice.TerminateWorkflowExecutionRequest{
					Namespace: service.DefaultNamespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: id},
				})
			}
		})
	}
}

// TestAnything sends requests with anything in them, much of it what the service
// itself has given out. None makes it panic or hang, histories stay in one piece,
// and it works on.
func TestAnything(t *testing.T) {
	t.Parallel()
	for seed := range *anySeeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			in(t, service.Options{Seed: uint64(seed) + 1}, func(r rig) {
				a := newAnything(uint64(seed))
				for range 4000 {
					a.step(r)
					if r.t.Failed() {
						break
					}
				}
				a.check(r)
			})
		})
	}
}

// anything makes messages with anything in them.
type anything struct {
	random *rand.Rand
	known  map[protoreflect.Name][]string // strings and bytes that fit a field of the name
	needed []protoreflect.Name            // fields without which most messages are refused
	bold   int                            // of 12: how often the message has what it need not have, or should not
}

func (a *anything) isBold() bool { return a.random.IntN(40) < a.bold }

func newAnything(seed uint64) *anything {
	return &anything{
		needed: []protoreflect.Name{
			"namespace", "workflow_id", "name", "workflow_type", "activity_type", "task_queue", "task_token", "execution",
			"workflow_execution", "start_to_close_timeout", "timer_id", "activity_id", "signal_name", "commands", "query",
			"scheduled_event_id", "start_to_fire_timeout", "failure", "application_failure_info", "workflow_task_finish_event_id",
			"marker_name", "policy", "update_id", "request", "input", "meta", "wait_policy", "lifecycle_stage",
		},
		random: rand.New(rand.NewPCG(seed, seed)), //nolint:gosec // it need not be secret
		known: map[protoreflect.Name][]string{
			"namespace": {service.DefaultNamespace}, "workflow_id": {"w1", "w2", "w3", "w4", "w5"}, "name": {tasks},
			"cron_schedule": {"", "", "* * * * *", "@every 1h", "nonsense"}, "query": {"", "WorkflowId = 'w1'", "not ("},
			"encoding": {"json/plain"}, "activity_id": {"1", "2", "3", "4"}, "timer_id": {"1", "2", "3", "4"},
		},
	}
}

// step makes one call, or lets time pass, or does what a worker does.
func (a *anything) step(r rig) {
	switch a.random.IntN(12) {
	case 0:
		time.Sleep(time.Duration(a.random.Int64N(int64(5 * time.Second))))
	case 1, 2:
		a.call(r, "PollWorkflowTaskQueue", &workflowservice.PollWorkflowTaskQueueRequest{
			Namespace: service.DefaultNamespace, TaskQueue: queue(), Identity: "me",
		})
	case 3:
		a.call(r, "PollActivityTaskQueue", &workflowservice.PollActivityTaskQueueRequest{
			Namespace: service.DefaultNamespace, TaskQueue: queue(), Identity: "me",
		})
	case 4, 5:
		// A worker answers the task that it has got last.
		request := &workflowservice.RespondWorkflowTaskCompletedRequest{}
		a.fill(request.ProtoReflect(), 0)
		request.Namespace, request.TaskToken = service.DefaultNamespace, []byte(a.latest("task_token"))
		a.call(r, "RespondWorkflowTaskCompleted", request)
	case 6:
		request := &workflowservice.RespondActivityTaskFailedRequest{}
		a.fill(request.ProtoReflect(), 0)
		request.Namespace, request.TaskToken = service.DefaultNamespace, []byte(a.latest("task_token"))
		a.call(r, "RespondActivityTaskFailed", request)
	default:
		method := methods()[a.random.IntN(len(methods()))]
		if a.random.IntN(3) == 0 {
			method = "StartWorkflowExecution"
		}
		request := r.empty(method)
		a.fill(request.ProtoReflect(), 0)
		a.call(r, method, request)
	}
}

func (a *anything) call(r rig, method string, request proto.Message) {
	r.t.Helper()
	response, err := r.call(method, request)
	code := status.Code(err)
	// The real server too has no better word for a bad token of a list and for some
	// enums.
	lists := strings.HasSuffix(method, "WorkflowExecutions")
	if code == codes.Unknown && !lists || code == codes.Internal && !strings.Contains(err.Error(), "policy") {
		r.t.Errorf("%s{%v}: %v", method, request, err)
	}
	if err == nil && response != nil {
		a.learn(response.ProtoReflect())
	}
}

// learn keeps the ids and tokens of a message.
func (a *anything) learn(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap():
		case f.IsList() && f.Kind() == protoreflect.MessageKind:
			for i := range v.List().Len() {
				a.learn(v.List().Get(i).Message())
			}
		case f.IsList():
		case f.Kind() == protoreflect.MessageKind:
			a.learn(v.Message())
		case f.Kind() == protoreflect.BytesKind && strings.HasSuffix(string(f.Name()), "token"):
			a.keep(f.Name(), string(v.Bytes()))
		case f.Kind() == protoreflect.StringKind && strings.HasSuffix(string(f.Name()), "id"):
			a.keep(f.Name(), v.String())
		}
		return true
	})
}

func (a *anything) keep(name protoreflect.Name, s string) {
	if known := a.known[name]; !slices.Contains(known, s) {
		a.known[name] = append(known, s)
	}
}

func (a *anything) latest(name protoreflect.Name) string {
	if known := a.known[name]; len(known) > 0 {
		return known[len(known)-1]
	}
	return ""
}

// fill sets some of the fields.
func (a *anything) fill(m protoreflect.Message, depth int) {
	if depth == 0 {
		a.bold = []int{0, 0, 1, 4}[a.random.IntN(3)]
	}
	switch m.Descriptor().FullName() {
	case "google.protobuf.Any":
		a.fillAny(m)
		return
	case "google.protobuf.Duration", "google.protobuf.Timestamp":
		seconds := []int64{1, 10, 3600}
		if a.isBold() {
			seconds = []int64{0, -1, 1 << 62, -1 << 62}
		}
		m.Set(m.Descriptor().Fields().ByName("seconds"), protoreflect.ValueOfInt64(seconds[a.random.IntN(len(seconds))]))
		if a.isBold() {
			m.Set(m.Descriptor().Fields().ByName("nanos"), protoreflect.ValueOfInt32(int32(a.random.Uint32()))) //nolint:gosec // meant
		}
		return
	}
	if command, ok := m.Interface().(*commandpb.Command); ok {
		a.fillCommand(command, depth)
		return
	}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		message := f.Kind() == protoreflect.MessageKind
		needed := slices.Contains(a.needed, f.Name()) && depth < 10
		rare := !needed && (depth > 6 || a.random.IntN(12) >= a.bold)
		if rare || needed && a.isBold() {
			continue
		}
		switch {
		case f.IsMap():
			values := m.Mutable(f).Map()
			for range a.random.IntN(3) {
				v := values.NewValue()
				if f.MapValue().Kind() == protoreflect.MessageKind {
					a.fill(v.Message(), depth+1)
				} else {
					v = a.scalar(f.MapValue())
				}
				values.Set(a.scalar(f.MapKey()).MapKey(), v)
			}
		case f.IsList():
			list := m.Mutable(f).List()
			for range a.random.IntN(3) {
				if message {
					a.fill(list.AppendMutable().Message(), depth+1)
				} else {
					list.Append(a.scalar(f))
				}
			}
		case message:
			a.fill(m.Mutable(f).Message(), depth+1)
		default:
			m.Set(f, a.scalar(f))
		}
	}
}

// harmless are commands that the service takes from a worker that makes no mistakes.
var harmless = []protoreflect.Name{
	"schedule_activity_task_command_attributes", "schedule_activity_task_command_attributes", "start_timer_command_attributes",
	"record_marker_command_attributes", "start_child_workflow_execution_command_attributes",
	"signal_external_workflow_execution_command_attributes", "request_cancel_external_workflow_execution_command_attributes",
	"continue_as_new_workflow_execution_command_attributes",
}

// fillCommand lets most commands have attributes of their type.
func (a *anything) fillCommand(command *commandpb.Command, depth int) {
	m := command.ProtoReflect()
	attributes := m.Descriptor().Oneofs().ByName("attributes").Fields()
	f := attributes.Get(a.random.IntN(attributes.Len()))
	if a.bold == 0 {
		f = attributes.ByName(harmless[a.random.IntN(len(harmless))])
	}
	if !a.isBold() {
		a.fill(m.Mutable(f).Message(), depth+1)
	}
	command.CommandType = enumspb.CommandType(a.random.IntN(len(enumspb.CommandType_name) + 1)) //nolint:gosec // few
	for number, name := range enumspb.CommandType_name {
		if strings.EqualFold(name, strings.ReplaceAll(strings.TrimSuffix(string(f.Name()), "_command_attributes"), "_", "")) && !a.isBold() {
			command.CommandType = enumspb.CommandType(number)
		}
	}
}

// fillAny lets the message hold one of the protocol of updates.
func (a *anything) fillAny(m protoreflect.Message) {
	bodies := []proto.Message{&updatepb.Request{}, &updatepb.Acceptance{}, &updatepb.Rejection{}, &updatepb.Response{}}
	body := bodies[a.random.IntN(len(bodies))]
	a.fill(body.ProtoReflect(), 3)
	b, err := proto.Marshal(body)
	if err != nil || a.random.IntN(10) == 0 {
		b = []byte{1, 2, 3}
	}
	m.Set(m.Descriptor().Fields().ByName("type_url"),
		protoreflect.ValueOfString("type.googleapis.com/"+string(body.ProtoReflect().Descriptor().FullName())))
	m.Set(m.Descriptor().Fields().ByName("value"), protoreflect.ValueOfBytes(b))
}

func (a *anything) scalar(f protoreflect.FieldDescriptor) protoreflect.Value {
	n := a.random.Int64N(12)
	if a.isBold() {
		n = []int64{-1, math.MaxInt64, math.MinInt64, math.MaxInt32}[a.random.IntN(4)]
	}
	switch f.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(n%2 == 0)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(a.random.IntN(f.Enum().Values().Len() + a.bold/10))) //nolint:gosec // few
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(a.text(f.Name()))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(a.text(f.Name())))
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(int32(n)) //nolint:gosec // meant
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(n)) //nolint:gosec // meant
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(uint64(n)) //nolint:gosec // meant
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(float32(n) / 2)
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(float64(n) / 2)
	default:
		return protoreflect.ValueOfInt64(n)
	}
}

// text is mostly one that fits the field.
func (a *anything) text(name protoreflect.Name) string {
	if known := a.known[name]; len(known) > 0 && !a.isBold() {
		return known[a.random.IntN(len(known))]
	}
	others := []string{"", "a", "b", "1", "{}", `"a"`, "null", "[]", "\x00", "00000000-0000-4000-8000-000000000000", strings.Repeat("x", 1001)}
	return others[a.random.IntN(len(others))]
}

// check looks at all histories, ends what is open, and lets one more workflow run.
func (a *anything) check(r rig) {
	var next []byte
	for {
		page, err := r.c.ListWorkflowExecutions(r.t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: service.DefaultNamespace, NextPageToken: next,
		})
		if err != nil {
			r.t.Fatal(err)
		}
		for _, e := range page.GetExecutions() {
			for i, event := range r.history(e.GetExecution()) {
				if event.GetEventId() != int64(i)+1 {
					r.t.Errorf("event %d of %v has id %d", i+1, e.GetExecution(), event.GetEventId())
				}
			}
			if e.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
				r.terminate(e.GetExecution())
			}
		}
		if next = page.GetNextPageToken(); len(next) == 0 {
			break
		}
	}
	e := r.start("last", "Any")
	task, err := r.c.PollWorkflowTaskQueue(r.t.Context(), &workflowservice.PollWorkflowTaskQueueRequest{
		Namespace: service.DefaultNamespace, TaskQueue: queue(),
	})
	if err != nil || task.GetWorkflowExecution().GetRunId() != e.GetRunId() {
		r.t.Errorf("after all that it hands out %v, %v", task, err)
	}
	r.terminate(e)
}
