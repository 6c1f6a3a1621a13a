package workflow

import (
	"cmp"
	"slices"

	commonpb "go.temporal.io/api/common/v1"
	sdkpb "go.temporal.io/api/sdk/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// SetCurrentDetails sets what people see as the state of the workflow, in
// Markdown.
func SetCurrentDetails(ctx Context, details string) {
	r := runOf(ctx)
	r.mustMutate()
	r.reporting().details = details
}

// GetCurrentDetails returns what [SetCurrentDetails] has set.
func GetCurrentDetails(ctx Context) string { return runOf(ctx).currentDetails() }

func (r *run) currentDetails() string {
	if r.reports == nil {
		return ""
	}
	return r.reports.details
}

// metadataAnswer says which handlers the workflow has. It is encoded as any
// server and user interface can read it, and then handed to the user's codec.
func (r *run) metadataAnswer() (*commonpb.Payloads, error) {
	d := &sdkpb.WorkflowDefinition{Type: r.env.Details.WorkflowType}
	d.QueryDefinitions = append(d.QueryDefinitions,
		definition(stackTraceQuery, "Current stack trace"),
		definition(sessionsQuery, "Open sessions on the workflow"),
		definition(metadataQuery, "Metadata about the workflow"))
	for name, h := range r.queries {
		d.QueryDefinitions = append(d.QueryDefinitions, definition(name, h.description))
	}
	for _, s := range r.requested {
		d.SignalDefinitions = append(d.SignalDefinitions, definition(s.channel.name, s.description))
	}
	for name, h := range r.updates.handlers {
		d.UpdateDefinitions = append(d.UpdateDefinitions, definition(name, h.description))
	}
	for _, defs := range [][]*sdkpb.WorkflowInteractionDefinition{
		d.QueryDefinitions, d.SignalDefinitions, d.UpdateDefinitions,
	} {
		slices.SortFunc(defs, func(a, b *sdkpb.WorkflowInteractionDefinition) int {
			return cmp.Compare(a.GetName(), b.GetName())
		})
	}
	p, err := converter.GetDefaultDataConverter().ToPayload(&sdkpb.WorkflowMetadata{
		Definition: d, CurrentDetails: r.currentDetails(),
	})
	if err != nil {
		return nil, err
	}
	return r.env.DataConverter.ToPayloads(converter.NewRawValue(p))
}

func definition(name, description string) *sdkpb.WorkflowInteractionDefinition {
	return &sdkpb.WorkflowInteractionDefinition{Name: name, Description: description}
}
