package runner

import (
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	updatepb "go.temporal.io/api/update/v1"
)

// An Activation is what one workflow task tells the workflow.
type Activation struct {
	// Run says that code is to run after the items. It is false when the task
	// only asks queries of a run that is up to date.
	Run bool
	// StartedID is the id of the WorkflowTaskStarted event that ends the
	// activation: the base of the ids of commands. Zero if there is none, as
	// for a query of a run whose last task has ended; commands are then not sent.
	StartedID int64
	// Time is the workflow's clock from now on.
	Time time.Time
	// Replaying says that the task was completed before, so that the commands
	// of this activation are already in history.
	Replaying bool
	// HistoryLength is the number of events so far.
	HistoryLength int64
	// HistorySize is the size of the history so far in bytes.
	HistorySize int64
	// ContinueAsNewSuggested says that the server would like a new run.
	ContinueAsNewSuggested bool
	// ContinueAsNewReasons say why.
	ContinueAsNewReasons []enumspb.SuggestContinueAsNewReason
	// TargetVersionChanged says that the run would get another version of its
	// worker deployment now.
	TargetVersionChanged bool
	// BuildID is the build that completed the task, and BinaryChecksum what old
	// servers and libraries have in its place; both are empty if it is live.
	BuildID, BinaryChecksum string
	// SDK is the library that completed the task, as far as history says: zero
	// for one that is live, or that was completed by a library that does not sign.
	SDK SDK
	// Flags are the SDK flags that history records for this task. They are in
	// force before any item is applied.
	Flags []uint32
	// Markers are those that this task recorded when it was completed, but for
	// those of local activities: known before any item is applied. None if it
	// is live.
	Markers []Marker
	// Items happen in order before any code runs.
	Items []Item
	// Local, if set, makes the activation a further step of the workflow task
	// that the one before began: a local activity has ended, and code runs again.
	// Nothing else is set then but Run, Time, Replaying and SDK; ids go on.
	Local *LocalResult
	// Queries are answered after the code has run.
	Queries []Query
	// Trace asks for the Trace of the completion. A runner that cannot give it
	// leaves it nil.
	Trace bool
}

// An SDK is the library that completed a workflow task.
type SDK struct{ Name, Version string }

// A Marker is what a workflow wrote into its history.
type Marker struct {
	// EventID is the MarkerRecorded event: the place that the command had.
	EventID int64
	// Attributes are those of the event, as history has them.
	Attributes *historypb.MarkerRecordedEventAttributes
	// SearchAttributes were upserted with it, as those of versions are.
	SearchAttributes *commonpb.SearchAttributes
}

// An Item is one thing that happened. Exactly one of its pointers is set.
type Item struct {
	// EventID is the event that it came with; zero for a message.
	EventID int64
	// Replaying is the replay flag of that event.
	Replaying bool

	Start   *Start
	Resolve *Resolve
	Signal  *Signal
	Cancel  *Cancel
	Update  *Update
	Reset   *Reset
	// SearchAttributes that were upserted, whoever did it.
	SearchAttributes *commonpb.SearchAttributes
	// Memo fields that were upserted; one without data was removed.
	Memo *commonpb.Memo
}

// Start begins the run.
type Start struct {
	// Time is when the run was started.
	Time time.Time
	// Attributes are those of the WorkflowExecutionStarted event.
	Attributes *historypb.WorkflowExecutionStartedEventAttributes
}

// Kind says what a command started.
type Kind uint8

// The kinds of things that are started by a command and resolved by an event.
const (
	Activity Kind = iota + 1
	Timer
	// Child is a child workflow. Its id is its workflow id.
	Child
	// ChildStart is the start of a child workflow: its failure is that of the
	// child too, which then never runs.
	ChildStart
	// ChildCancel is the request to cancel a child workflow. How it was answered
	// is not told: what matters is that it was.
	ChildCancel
	// ExternalSignal is a signal to another workflow.
	ExternalSignal
	// ExternalCancel is a request to cancel another workflow.
	ExternalCancel
)

// Types of the failures of what the server has refused: those of external
// signals and cancellations, and the causes of those of a [ChildStart]. A
// failure of no type was refused for another reason.
const (
	AlreadyStarted    = "ChildWorkflowExecutionAlreadyStartedError"
	NamespaceNotFound = "NamespaceNotFoundError"
	UnknownExternal   = "UnknownExternalWorkflowExecutionError"
	InvalidVersioning = "InvalidVersioningOverrideError"
)

// String returns the name of k.
func (k Kind) String() string {
	switch k {
	case Activity:
		return "activity"
	case Timer:
		return "timer"
	case Child:
		return "child workflow"
	case ChildStart:
		return "start of a child workflow"
	case ChildCancel:
		return "cancellation of a child workflow"
	case ExternalSignal:
		return "external signal"
	case ExternalCancel:
		return "external cancellation"
	default:
		return "unknown"
	}
}

// Resolve ends something that a command started.
type Resolve struct {
	Kind Kind
	// ID is the id that the command gave.
	ID string
	// RunID is the run of a child workflow that was started.
	RunID string
	// Result is the result if there is one and Failure is nil.
	Result *commonpb.Payloads
	// Failure is why it failed, shaped as the workflow sees it (an activity's
	// is an activity failure with the cause inside).
	Failure *failurepb.Failure
}

// Signal delivers a signal.
type Signal struct {
	Name     string
	Input    *commonpb.Payloads
	Header   *commonpb.Header
	Identity string
}

// Cancel asks the workflow to cancel itself.
type Cancel struct {
	Cause string
}

// Reset tells that the run is a copy: history up to here is another run's.
type Reset struct {
	// RunID is the id of this run.
	RunID string
}

// Update delivers an update request.
type Update struct {
	// Instance is the protocol instance: the id of the update.
	Instance string
	// MessageID is the id of the message that carried the request.
	MessageID string
	// SequencingID is the event after which the request takes its place.
	SequencingID int64
	// Request is the request as it came.
	Request *updatepb.Request
}

// A Query asks for the state of the workflow.
type Query struct {
	// ID names the query in the completion.
	ID     string
	Type   string
	Args   *commonpb.Payloads
	Header *commonpb.Header
}
