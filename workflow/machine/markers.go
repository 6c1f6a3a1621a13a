package machine

import (
	"slices"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// The names of markers.
const (
	versionMarker           = "Version"
	mutableSideEffectMarker = "MutableSideEffect"
	localActivityMarker     = "LocalActivity"
)

// changeVersion is the search attribute that goes with Version markers.
const changeVersion = "TemporalChangeVersion"

// markers returns what the task before this chunk has recorded: what its code
// has to know before it runs, and apart from that how its local activities have
// ended, which comes after the code has run and makes it run again.
func (c *chunk) markers() (known, local []runner.Marker) {
	for i, e := range c.events {
		attr := e.GetMarkerRecordedEventAttributes()
		if attr == nil {
			continue
		}
		m := runner.Marker{EventID: e.GetEventId(), Attributes: attr}
		if attr.GetMarkerName() == versionMarker && i+1 < len(c.events) && isChangeVersion(c.events[i+1]) {
			m.SearchAttributes = c.events[i+1].
				GetUpsertWorkflowSearchAttributesEventAttributes().GetSearchAttributes()
		}
		if attr.GetMarkerName() == localActivityMarker {
			local = append(local, m)
			continue
		}
		known = append(known, m)
	}
	return known, local
}

// unchecked reports whether commands and events of this marker may be there or
// not: a version or a value that did not change is not recorded again.
func unchecked(marker string) bool {
	return marker == versionMarker || marker == mutableSideEffectMarker
}

// isChangeVersion reports whether e is the upsert of the search attribute of
// versions, which code does not repeat in replay.
func isChangeVersion(e *historypb.HistoryEvent) bool {
	if e.GetEventType() != enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES {
		return false
	}
	_, ok := e.GetUpsertWorkflowSearchAttributesEventAttributes().GetSearchAttributes().
		GetIndexedFields()[changeVersion]
	return ok
}

// checkedCommands returns those commands that must match.
func checkedCommands(commands []*commandpb.Command) []*commandpb.Command {
	optional := func(c *commandpb.Command) bool {
		return unchecked(c.GetRecordMarkerCommandAttributes().GetMarkerName())
	}
	if !slices.ContainsFunc(commands, optional) {
		return commands
	}
	return slices.DeleteFunc(slices.Clone(commands), optional)
}

// checked returns the events of commands that must match: without markers that
// may be there or not, and without the upsert that follows one of a version.
func checked(events []*historypb.HistoryEvent) []*historypb.HistoryEvent {
	out := events[:0] // the caller's own
	version := false
	for _, e := range events {
		name := e.GetMarkerRecordedEventAttributes().GetMarkerName()
		if !unchecked(name) && (!version || !isChangeVersion(e)) {
			out = append(out, e)
		}
		version = name == versionMarker
	}
	return out
}
