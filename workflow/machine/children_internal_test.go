package machine

import "testing"

// The states of a child workflow, as the official SDK has them.
func TestChildStates(t *testing.T) {
	const never = childState(99)
	inputs := []childInput{
		childSeesInitiated, childSeesStartFailed, childSeesStarted, childSeesClosed, childSeesCanceled,
		childSeesCancelInitiated, childSeesCancelAccepted, childSeesCancelFailed,
	}
	for from, want := range map[childState][8]childState{
		childSent:      {childInitiated, childDone, childSent, never, never, never, childCancelAccepted, never},
		childInitiated: {never, childDone, childStarted, childDone, never, childCanceledInitiated, childCancelAccepted, never},
		childCanceledInitiated: {
			never, never, childCancelSent, childDone, childDone, childCanceledInitiated, childCancelAccepted, never,
		},
		childStarted: {never, never, childStarted, childDone, childDone, never, childCancelAccepted, never},
		childCancelSent: {
			never, never, childCancelSent, childClosedUnanswered, childClosedUnanswered, childCancelSent,
			childCancelAccepted, childStarted,
		},
		childCancelAccepted: {never, never, childCancelAccepted, childDone, childDone, never, childCancelAccepted, never},
		childClosedUnanswered: {
			never, never, childClosedUnanswered, childDone, never, never, childDone, childDone,
		},
	} {
		for i, in := range inputs {
			got, ok := from.after(in)
			if !ok {
				got = never
			}
			if got != want[i] {
				t.Errorf("%s, %s: got state %d, want %d", from, in, got, want[i])
			}
		}
	}
}
