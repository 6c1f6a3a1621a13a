package machine

import (
	"slices"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// A Change is a kind of change to workflow code that open runs do not survive.
type Change string

// The kinds of changes.
const (
	// Added: the code does something that history does not have.
	Added Change = "added"
	// Removed: history has something that the code does not do.
	Removed Change = "removed"
	// Reordered: the code does the same in another order.
	Reordered Change = "reordered"
	// Renamed: the code does the same with another name.
	Renamed Change = "renamed"
	// Replaced: the code does something else.
	Replaced Change = "replaced"
	// Renumbered: the code does the same with another id.
	Renumbered Change = "renumbered"
	// Unstable: the code did two different things in two replays.
	Unstable Change = "unstable"
)

// Hint says in words what has happened and what to do about it; empty if the
// change is not known.
func (c Change) Hint() string {
	switch c {
	case Added:
		return "the code has a step that the code which wrote the history did not have. " + guard
	case Removed:
		return "a step was removed from the code, or now comes later. " + guard
	case Reordered:
		return "the same steps were made in another order. Restore the order, or guard the new one with " +
			"workflow.GetVersion; if the code did not change, look for a map that is ranged over"
	case Renamed:
		return "the step has another name (of an activity, child workflow, signal or marker). Keep the old name " +
			"registered and in use for open runs, or guard the new one with workflow.GetVersion"
	case Replaced:
		return "a step was replaced by one of another kind. " + guard
	case Renumbered:
		return "the same step has another id: either the option that sets the id was changed, or the code made " +
			"more or fewer commands before it than history has. " + guard
	case Unstable:
		return "the code did not do the same in two replays of the same history, so the code itself is not " +
			"deterministic: look for time.Now, rand, a map that is ranged over, a go statement, " +
			"or a global variable, and use what package workflow has for it"
	default:
		return ""
	}
}

const guard = "Guard the change with workflow.GetVersion, so that runs which have passed this point stay on the old branch"

// explain says which kind of change makes code of history, from index at on;
// later has what history has after the task.
func explain(history, code []Step, at int, later []Step) Change {
	history, code = history[min(at, len(history)):], code[min(at, len(code)):]
	switch {
	case len(history) == 0:
		return Added
	case len(code) == 0:
		return Removed
	}
	was, is := history[0], code[0]
	known := func(s Step, in ...Step) bool { return slices.ContainsFunc(in, s.like) }
	done, due := known(was, code[1:]...), known(is, history[1:]...) || known(is, later...)
	switch {
	case slices.ContainsFunc(code[1:], was.same) && slices.ContainsFunc(history[1:], is.same):
		return Reordered
	case was.like(is):
		return Renumbered
	case done && due:
		return Reordered
	case done:
		return Added
	case due:
		return Removed
	case was.kind == is.kind:
		return Renamed
	default:
		return Replaced
	}
}

// explained adds to nd, found in the completion of act, what the rest of the
// history has to say.
func (m *Machine) explained(nd *NondeterminismError, act *active) *NondeterminismError {
	nd.Task = act.started
	if m.current != nil { // what came of the task: there is nothing after a completion otherwise
		nd.Versions = m.current.versions()
	}
	var later []Step
	for _, e := range m.reader.pending {
		if isCommandEvent(e.GetEventType()) {
			later = append(later, eventStep(e))
		}
	}
	nd.Change = explain(nd.History, nd.Code, nd.At, later)
	return nd
}

// versions returns what c has of the calls of GetVersion in the task before it.
func (c *chunk) versions() []Version {
	var out []Version
	for _, e := range c.events {
		a := e.GetMarkerRecordedEventAttributes()
		if e.GetEventType() != enumspb.EVENT_TYPE_MARKER_RECORDED || a.GetMarkerName() != "Version" {
			continue
		}
		v := Version{EventID: e.GetEventId()}
		// It may be encrypted: then the event has to do.
		_ = converter.GetDefaultDataConverter().FromPayloads(a.GetDetails()["change-id"], &v.ChangeID)
		out = append(out, v)
	}
	return out
}
