package task

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
)

// A part is what a limit applies to: the payloads of one command, or its memo.
type part struct {
	what string
	size int
	memo bool
}

// A meter measures the parts of an answer as the server does, and keeps those
// over its thresholds; a negative threshold keeps none.
type meter struct {
	payload, memo int
	found         []part
	total         int
}

// commandSize is about what a command has beside payloads.
const commandSize = 256

func (m *meter) request(req *workflowservice.RespondWorkflowTaskCompletedRequest) {
	for _, c := range req.GetCommands() {
		m.command(c)
		m.total += commandSize
	}
	for _, msg := range req.GetMessages() {
		if size := len(msg.GetBody().GetValue()); m.over(size, m.payload) {
			m.found = append(m.found, part{what: "message " + msg.GetId(), size: size})
		}
	}
	for _, r := range req.GetQueryResults() {
		m.over(proto.Size(r.GetAnswer()), -1)
	}
}

// over counts a part and reports whether it is of interest.
func (m *meter) over(size, threshold int) bool {
	m.total += size
	return exceeds(size, threshold)
}

// command measures what a command carries.
func (m *meter) command(c *commandpb.Command) {
	switch a := c.GetAttributes().(type) {
	case *commandpb.Command_ScheduleActivityTaskCommandAttributes:
		m.payloads(c, "input", a.ScheduleActivityTaskCommandAttributes.GetInput())
	case *commandpb.Command_CompleteWorkflowExecutionCommandAttributes:
		m.payloads(c, "result", a.CompleteWorkflowExecutionCommandAttributes.GetResult())
	case *commandpb.Command_FailWorkflowExecutionCommandAttributes:
		m.failure(c, a.FailWorkflowExecutionCommandAttributes.GetFailure())
	case *commandpb.Command_CancelWorkflowExecutionCommandAttributes:
		m.payloads(c, "details", a.CancelWorkflowExecutionCommandAttributes.GetDetails())
	case *commandpb.Command_ContinueAsNewWorkflowExecutionCommandAttributes:
		next := a.ContinueAsNewWorkflowExecutionCommandAttributes
		m.payloads(c, "input", next.GetInput())
		m.payloads(c, "last result", next.GetLastCompletionResult())
		m.memoOf(c, next.GetMemo())
	case *commandpb.Command_StartChildWorkflowExecutionCommandAttributes:
		child := a.StartChildWorkflowExecutionCommandAttributes
		m.payloads(c, "input", child.GetInput())
		m.memoOf(c, child.GetMemo())
	case *commandpb.Command_SignalExternalWorkflowExecutionCommandAttributes:
		m.payloads(c, "input", a.SignalExternalWorkflowExecutionCommandAttributes.GetInput())
	case *commandpb.Command_RecordMarkerCommandAttributes:
		size := 0 // of all details together
		for key, details := range a.RecordMarkerCommandAttributes.GetDetails() {
			size += len(key) + proto.Size(details)
		}
		m.count(c, "details", size)
		m.failure(c, a.RecordMarkerCommandAttributes.GetFailure())
	case *commandpb.Command_UpsertWorkflowSearchAttributesCommandAttributes:
		m.fields(c, "fields", a.UpsertWorkflowSearchAttributesCommandAttributes.GetSearchAttributes().GetIndexedFields())
	case *commandpb.Command_ModifyWorkflowPropertiesCommandAttributes:
		m.fields(c, "fields", a.ModifyWorkflowPropertiesCommandAttributes.GetUpsertedMemo().GetFields())
	}
}

func (m *meter) count(c *commandpb.Command, field string, size int) {
	if m.over(size, m.payload) {
		m.found = append(m.found, part{what: field + " of " + name(c), size: size})
	}
}

func (m *meter) payloads(c *commandpb.Command, field string, p *commonpb.Payloads) {
	size := atMost(p)
	if exceeds(size, m.payload) {
		size = proto.Size(p) // which looks at maps by reflection: not for every command
	}
	m.count(c, field, size)
}

// The most that a field adds to what is in it, if that has less than 32 GiB: its tag and its length.
const fieldSize = 1 + 5

// atMost is no less than the size of p, and hardly more.
func atMost(p *commonpb.Payloads) int {
	size := len(p.ProtoReflect().GetUnknown())
	for _, one := range p.GetPayloads() {
		size += 2*fieldSize + len(one.GetData()) + len(one.ProtoReflect().GetUnknown())
		for key, value := range one.GetMetadata() {
			size += 3*fieldSize + len(key) + len(value)
		}
		for _, e := range one.GetExternalPayloads() {
			size += fieldSize + proto.Size(e)
		}
	}
	return size
}

func (m *meter) fields(c *commandpb.Command, field string, fields map[string]*commonpb.Payload) {
	size := 0
	for key, p := range fields {
		size += len(key) + len(p.GetData())
	}
	m.count(c, field, size)
}

func (m *meter) memoOf(c *commandpb.Command, memo *commonpb.Memo) {
	if size := proto.Size(memo); m.over(size, m.memo) {
		m.found = append(m.found, part{what: "memo of " + name(c), size: size, memo: true})
	}
}

// failure measures the details of a failure and of its causes.
func (m *meter) failure(c *commandpb.Command, f *failurepb.Failure) {
	for ; f != nil; f = f.GetCause() {
		for _, details := range []*commonpb.Payloads{
			f.GetApplicationFailureInfo().GetDetails(),
			f.GetCanceledFailureInfo().GetDetails(),
			f.GetTimeoutFailureInfo().GetLastHeartbeatDetails(),
			f.GetResetWorkflowFailureInfo().GetLastHeartbeatDetails(),
		} {
			if details != nil {
				m.payloads(c, "failure details", details)
			}
		}
	}
}

// name tells people which command c is.
func name(c *commandpb.Command) string {
	switch a := c.GetAttributes().(type) {
	case *commandpb.Command_ScheduleActivityTaskCommandAttributes:
		attr := a.ScheduleActivityTaskCommandAttributes
		return "activity " + attr.GetActivityType().GetName() + " (id " + attr.GetActivityId() + ")"
	case *commandpb.Command_StartChildWorkflowExecutionCommandAttributes:
		attr := a.StartChildWorkflowExecutionCommandAttributes
		return "child workflow " + attr.GetWorkflowType().GetName() + " (id " + attr.GetWorkflowId() + ")"
	case *commandpb.Command_SignalExternalWorkflowExecutionCommandAttributes:
		attr := a.SignalExternalWorkflowExecutionCommandAttributes
		return "signal " + attr.GetSignalName() + " to workflow " + attr.GetExecution().GetWorkflowId()
	case *commandpb.Command_RecordMarkerCommandAttributes:
		return "marker " + a.RecordMarkerCommandAttributes.GetMarkerName()
	case *commandpb.Command_ContinueAsNewWorkflowExecutionCommandAttributes:
		return "the run to continue as new"
	case *commandpb.Command_UpsertWorkflowSearchAttributesCommandAttributes:
		return "the upserted search attributes"
	case *commandpb.Command_ModifyWorkflowPropertiesCommandAttributes:
		return "the upserted memo"
	default:
		return "the workflow"
	}
}

// shownParts is how many parts of a request that is too large are named.
const shownParts = 3

// largest names the largest parts of a request.
func largest(req *workflowservice.RespondWorkflowTaskCompletedRequest) string {
	var m meter // whose thresholds are zero: it keeps all
	m.request(req)
	slices.SortStableFunc(m.found, func(a, b part) int { return cmp.Compare(b.size, a.size) })
	names := make([]string, 0, shownParts)
	for _, p := range m.found[:min(shownParts, len(m.found))] {
		names = append(names, fmt.Sprintf("%s (%d bytes)", p.what, p.size))
	}
	return fmt.Sprintf("%s, of %d commands", strings.Join(names, ", "), len(req.GetCommands()))
}
