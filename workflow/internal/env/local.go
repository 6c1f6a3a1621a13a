package env

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	sdkpb "go.temporal.io/api/sdk/v1"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// The marker that records how a local activity has ended.
const (
	localMarker       = "LocalActivity"
	localMarkerData   = "data"
	localMarkerResult = "result"
)

// A localMark is what the marker says beside result and failure. Histories have
// these very names.
type localMark struct {
	ActivityID   string
	ActivityType string
	ReplayTime   time.Time
	Attempt      int32
	Backoff      time.Duration
}

// A LocalOutcome is how a local activity has ended.
type LocalOutcome struct {
	Result  *commonpb.Payloads
	Failure *failurepb.Failure
	Attempt int32
	// Backoff, if positive, is how long to wait before the next attempt.
	Backoff time.Duration
}

// locals are the local activities of a run. The zero value is ready.
type locals struct {
	count    int64
	open     map[string]*local
	fresh    []*runner.LocalRequest
	canceled []string
	ended    string
}

type local struct {
	request *runner.LocalRequest
	call    runner.LocalCall
	meta    *sdkpb.UserMetadata
	end     func(LocalOutcome)
}

// ScheduleLocal asks for a local activity and gives the request its ID. It
// returns a function that asks for the activity's cancellation.
func (e *Env) ScheduleLocal(
	request runner.LocalRequest, call runner.LocalCall, meta *sdkpb.UserMetadata, end func(LocalOutcome),
) (cancel func()) {
	if e.locals == nil {
		e.locals = &locals{}
	}
	ls := e.locals
	ls.count++
	request.ID = strconv.FormatInt(ls.count, 10)
	if ls.open == nil {
		ls.open = make(map[string]*local)
	}
	ls.open[request.ID] = &local{request: &request, call: call, meta: meta, end: end}
	ls.fresh = append(ls.fresh, &request)
	return func() {
		if _, ok := ls.open[request.ID]; ok && !slices.Contains(ls.canceled, request.ID) {
			ls.canceled = append(ls.canceled, request.ID)
		}
	}
}

// openLocal returns the local activity of an id, if it has not ended.
func (e *Env) openLocal(id string) (*local, bool) {
	if e.locals == nil {
		return nil, false
	}
	l, ok := e.locals.open[id]
	return l, ok
}

// LocalCall returns the call of a request that is open.
func (e *Env) LocalCall(id string) (runner.LocalCall, bool) {
	l, ok := e.openLocal(id)
	if !ok {
		return runner.LocalCall{}, false
	}
	return l.call, true
}

// EndLocal ends a local activity, records it and sets the clock. It reports
// whether it was open: code then has to run.
func (e *Env) EndLocal(r *runner.LocalResult) (bool, error) {
	var mark localMark
	var marker *historypb.MarkerRecordedEventAttributes
	if r.Marker == nil {
		mark = localMark{ActivityID: r.ID, ReplayTime: r.Time, Attempt: r.Attempt, Backoff: r.Backoff}
	} else {
		marker = r.Marker.Attributes
		if err := e.readMark(marker, &mark); err != nil {
			return false, fmt.Errorf("marker name %q for eventId %d: %w", localMarker, r.Marker.EventID, err)
		}
	}
	l, ok := e.openLocal(mark.ActivityID)
	if !ok {
		return false, nil // code has changed, and the check of the commands will say how
	}
	if marker == nil {
		var err error
		if marker, err = e.newMarker(l.request.Type, mark, r); err != nil {
			return false, err
		}
	} else if mark.ActivityType != "" && mark.ActivityType != l.request.Type {
		Mismatch(fmt.Sprintf("[TMPRL1100] code executed local activity %s, but history event found %s, markerData: %v",
			l.request.Type, mark.ActivityType, marker.GetDetails()[localMarkerData]))
	}
	delete(e.locals.open, mark.ActivityID)
	e.locals.ended = mark.ActivityID
	e.emitMarker(marker, l.meta)
	outcome := LocalOutcome{Failure: marker.GetFailure(), Attempt: mark.Attempt, Backoff: mark.Backoff}
	if outcome.Failure == nil {
		outcome.Result, outcome.Backoff = marker.GetDetails()[localMarkerResult], 0
	}
	l.end(outcome)
	if mark.ReplayTime.After(e.Now) {
		e.Now = mark.ReplayTime
	}
	return true, nil
}

func (e *Env) readMark(m *historypb.MarkerRecordedEventAttributes, mark *localMark) error {
	data, ok := m.GetDetails()[localMarkerData]
	if !ok {
		return fmt.Errorf("key %q: marker key is missing in details", localMarkerData)
	}
	return e.DataConverter.FromPayloads(data, mark)
}

// newMarker is what history is to tell of a local activity that has just ended.
func (e *Env) newMarker(
	activityType string, mark localMark, r *runner.LocalResult,
) (*historypb.MarkerRecordedEventAttributes, error) {
	mark.ActivityType = activityType
	data, err := e.Encode(e.DataConverter, mark)
	if err != nil {
		return nil, fmt.Errorf("local activity %s: its marker cannot be encoded: %w", activityType, err)
	}
	m := &historypb.MarkerRecordedEventAttributes{
		Details: map[string]*commonpb.Payloads{localMarkerData: data},
		Failure: r.Failure,
	}
	if r.Failure == nil && r.Result != nil {
		m.Details[localMarkerResult] = r.Result
	}
	return m, nil
}

func (e *Env) emitMarker(m *historypb.MarkerRecordedEventAttributes, meta *sdkpb.UserMetadata) {
	e.PeekID() // markers count what replay has left out before them
	e.Emit(&commandpb.Command{
		CommandType:  enumspb.COMMAND_TYPE_RECORD_MARKER,
		UserMetadata: meta,
		Attributes: &commandpb.Command_RecordMarkerCommandAttributes{
			RecordMarkerCommandAttributes: &commandpb.RecordMarkerCommandAttributes{
				MarkerName: localMarker, Details: m.GetDetails(), Failure: m.GetFailure(),
			},
		},
	})
}

// TakeLocals moves into c what has happened to local activities since the last call.
func (e *Env) TakeLocals(c *runner.Completion) {
	ls := e.locals
	if ls == nil {
		return
	}
	c.Locals, c.CanceledLocals, c.EndedLocal = ls.fresh, ls.canceled, ls.ended
	ls.fresh, ls.canceled, ls.ended = nil, nil, ""
}
