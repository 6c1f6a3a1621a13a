package histories

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// Describe says in a few words what commands ask for, one a line.
func Describe(commands []*commandpb.Command) string {
	lines := make([]string, 0, len(commands))
	for _, c := range commands {
		lines = append(lines, describe(c))
	}
	return strings.Join(lines, "\n")
}

func describe(c *commandpb.Command) string {
	kind := strings.ReplaceAll(strings.TrimSuffix(c.GetCommandType().String(), "Execution"), "Task", "")
	switch {
	case c.GetScheduleActivityTaskCommandAttributes() != nil:
		a := c.GetScheduleActivityTaskCommandAttributes()
		return kind + " " + a.GetActivityId() + " " + a.GetActivityType().GetName() + text(a.GetInput())
	case c.GetRequestCancelActivityTaskCommandAttributes() != nil:
		return kind + " " + strconv.FormatInt(
			c.GetRequestCancelActivityTaskCommandAttributes().GetScheduledEventId(), 10)
	case c.GetStartTimerCommandAttributes() != nil:
		a := c.GetStartTimerCommandAttributes()
		return kind + " " + a.GetTimerId() + " " + a.GetStartToFireTimeout().AsDuration().String()
	case c.GetCancelTimerCommandAttributes() != nil:
		return kind + " " + c.GetCancelTimerCommandAttributes().GetTimerId()
	case c.GetProtocolMessageCommandAttributes() != nil:
		return kind + " " + c.GetProtocolMessageCommandAttributes().GetMessageId()
	case c.GetRecordMarkerCommandAttributes() != nil:
		a := c.GetRecordMarkerCommandAttributes()
		out := []string{kind, a.GetMarkerName()}
		for _, key := range slices.Sorted(maps.Keys(a.GetDetails())) {
			out = append(out, key+"="+strings.TrimSpace(text(a.GetDetails()[key])))
		}
		return strings.Join(out, " ")
	case c.GetUpsertWorkflowSearchAttributesCommandAttributes() != nil:
		return kind + described(c.GetUpsertWorkflowSearchAttributesCommandAttributes().
			GetSearchAttributes().GetIndexedFields())
	case c.GetModifyWorkflowPropertiesCommandAttributes() != nil:
		return kind + described(c.GetModifyWorkflowPropertiesCommandAttributes().GetUpsertedMemo().GetFields())
	case c.GetCompleteWorkflowExecutionCommandAttributes() != nil:
		return kind + text(c.GetCompleteWorkflowExecutionCommandAttributes().GetResult())
	case c.GetFailWorkflowExecutionCommandAttributes() != nil:
		return kind + ": " + c.GetFailWorkflowExecutionCommandAttributes().GetFailure().GetMessage()
	case c.GetCancelWorkflowExecutionCommandAttributes() != nil:
		return kind + text(c.GetCancelWorkflowExecutionCommandAttributes().GetDetails())
	default:
		return kind + describeOther(c)
	}
}

func described(fields map[string]*commonpb.Payload) (out string) {
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		out += " " + key + "=" + converter.GetDefaultDataConverter().ToString(fields[key])
	}
	return out
}

// describeOther is what there is to say of commands about other runs.
//
//nolint:staticcheck // histories have these fields, deprecated as they are
func describeOther(c *commandpb.Command) string {
	if a := c.GetStartChildWorkflowExecutionCommandAttributes(); a != nil {
		return " " + a.GetWorkflowId() + " " + a.GetWorkflowType().GetName() + text(a.GetInput())
	}
	if a := c.GetRequestCancelExternalWorkflowExecutionCommandAttributes(); a != nil {
		if a.GetChildWorkflowOnly() {
			return " child " + a.GetWorkflowId()
		}
		return " " + a.GetControl() + " " + a.GetWorkflowId()
	}
	if a := c.GetSignalExternalWorkflowExecutionCommandAttributes(); a != nil {
		return " " + a.GetControl() + " " + a.GetExecution().GetWorkflowId() + " " + a.GetSignalName() + text(a.GetInput())
	}
	if a := c.GetContinueAsNewWorkflowExecutionCommandAttributes(); a != nil {
		return " " + a.GetWorkflowType().GetName() + text(a.GetInput())
	}
	return ""
}

func text(p *commonpb.Payloads) string {
	if p == nil {
		return ""
	}
	return " " + strings.Join(converter.GetDefaultDataConverter().ToStrings(p), " ")
}
