package service

import (
	"slices"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	protocolpb "go.temporal.io/api/protocol/v1"
	"go.temporal.io/api/serviceerror"
	updatepb "go.temporal.io/api/update/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// stage is how far an update has come.
type stage string

const (
	admitted  stage = "Admitted" // no worker has it
	sent      stage = "Sent"     // a worker has it
	accepted  stage = "Accepted"
	completed stage = "Completed"
	aborted   stage = "Aborted"
)

// update is an update of a run. The service's lock guards it.
type update struct {
	id       string
	stage    stage
	request  *updatepb.Request // nil if workers find it in history
	accepted int64             // its event
	rejected bool
	outcome  *updatepb.Outcome
	err      error         // of one that was aborted
	changed  chan struct{} // closed and replaced at every step
}

// step tells those that wait, once the operation is committed.
func (r *run) step(u *update) {
	r.after = append(r.after, func() {
		close(u.changed)
		u.changed = make(chan struct{})
	})
}

// hasOutgoing reports whether an update waits to be sent.
func (r *run) hasOutgoing() bool {
	for _, u := range r.updates {
		if u.stage == admitted || u.stage == sent {
			return true
		}
	}
	return false
}

// send returns the updates that the workflow task in flight carries.
func (r *run) send(resend bool) []*protocolpb.Message {
	var out []*protocolpb.Message
	for _, id := range r.order {
		u := r.updates[id]
		if u.stage != admitted && (!resend || u.stage != sent) {
			continue
		}
		u.stage = sent
		if u.request == nil {
			continue
		}
		body, err := anypb.New(u.request)
		if err != nil {
			continue // it was a message before
		}
		out = append(out, &protocolpb.Message{
			Id: id + "/request", ProtocolInstanceId: id, Body: body,
			SequencingId: &protocolpb.Message_EventId{EventId: r.task.started - 1},
		})
	}
	return out
}

const badMessage = enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_UPDATE_WORKFLOW_EXECUTION_MESSAGE

// protocolMessage handles the message that the command calls for.
func (c *completion) protocolMessage(a *commandpb.ProtocolMessageCommandAttributes) {
	if a.GetMessageId() == "" {
		c.refuse(badMessage, invalid("MessageID is not set on ProtocolMessageCommand."))
		return
	}
	i := slices.IndexFunc(c.messages, func(m *protocolpb.Message) bool { return m.GetId() == a.GetMessageId() })
	if i < 0 {
		c.refuse(badMessage, invalid("ProtocolMessageCommand referenced absent message ID %s", a.GetMessageId()))
		return
	}
	m := c.messages[i]
	c.messages = append(c.messages[:i:i], c.messages[i+1:]...)
	c.message(m)
}

// message performs what a message of the worker says of an update.
func (c *completion) message(m *protocolpb.Message) {
	if c.boundedMessage(m) {
		return
	}
	body, err := m.GetBody().UnmarshalNew()
	if err != nil {
		c.refuse(badMessage, invalid("unable to unmarshal request: %v", err))
		return
	}
	u := c.r.updates[m.GetProtocolInstanceId()]
	if u == nil {
		c.refuse(badMessage, serviceerror.NewNotFoundf("update %s wasn't found on the server. This is most likely "+
			"a transient error which will be resolved automatically by retries", m.GetProtocolInstanceId()))
		return
	}
	if _, rejection := body.(*updatepb.Rejection); !c.r.running() && !rejection {
		c.r.abort(u, abortClosed)
		return
	}
	switch body := body.(type) {
	case *updatepb.Acceptance:
		err = c.accept(u, body)
	case *updatepb.Rejection:
		err = c.reject(u, body)
	case *updatepb.Response:
		err = c.respond(u, body)
	default:
		err = invalid("Message type %T not supported", body)
	}
	if err != nil {
		c.refuse(badMessage, err)
	}
}

// expects refuses a message that does not fit how far the update has come.
func (u *update) expects(m proto.Message, stages ...stage) error {
	if slices.Contains(stages, u.stage) {
		return nil
	}
	return invalid("invalid state transition attempted for Update %s: received %T message while in state %s",
		u.id, m, u.stage)
}

func (c *completion) accept(u *update, m *updatepb.Acceptance) error {
	if err := u.expects(m, admitted, sent); err != nil {
		return err
	}
	switch {
	case m.GetAcceptedRequestSequencingEventId() == 0:
		return invalid("invalid %T: accepted_request_sequencing_event_id is not set", m)
	case m.GetAcceptedRequestMessageId() == "":
		return invalid("invalid %T: accepted_request_message_id is not set", m)
	}
	e := c.r.newEvent(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED)
	e.Attributes = &historypb.HistoryEvent_WorkflowExecutionUpdateAcceptedEventAttributes{
		WorkflowExecutionUpdateAcceptedEventAttributes: &historypb.WorkflowExecutionUpdateAcceptedEventAttributes{
			ProtocolInstanceId: u.id, AcceptedRequestMessageId: u.id + "/request",
			AcceptedRequestSequencingEventId: m.GetAcceptedRequestSequencingEventId(),
			AcceptedRequest:                  u.request,
		},
	}
	u.accepted = c.r.add(e).GetEventId()
	u.stage = accepted
	c.r.step(u)
	return nil
}

func (c *completion) reject(u *update, m *updatepb.Rejection) error {
	if err := u.expects(m, admitted, sent); err != nil {
		return err
	}
	c.r.reject(u, m.GetFailure())
	return nil
}

// reject ends the update; a rejected one is forgotten.
func (r *run) reject(u *update, f *failurepb.Failure) {
	u.stage, u.rejected = completed, true
	u.outcome = &updatepb.Outcome{Value: &updatepb.Outcome_Failure{Failure: f}}
	r.forget(u)
	r.step(u)
}

func (r *run) forget(u *update) {
	delete(r.updates, u.id)
	r.order = slices.DeleteFunc(r.order, func(id string) bool { return id == u.id })
}

func (c *completion) respond(u *update, m *updatepb.Response) error {
	if err := u.expects(m, accepted); err != nil {
		return err
	}
	switch {
	case m.GetMeta().GetUpdateId() == "":
		return invalid("invalid %T: meta.update_id is not set", m)
	case m.GetOutcome() == nil:
		return invalid("invalid %T: outcome is not set", m)
	}
	e := c.r.newEvent(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED)
	e.Attributes = &historypb.HistoryEvent_WorkflowExecutionUpdateCompletedEventAttributes{
		WorkflowExecutionUpdateCompletedEventAttributes: &historypb.WorkflowExecutionUpdateCompletedEventAttributes{
			AcceptedEventId: u.accepted, Meta: m.GetMeta(), Outcome: m.GetOutcome(),
		},
	}
	c.r.add(e)
	u.stage, u.outcome = completed, m.GetOutcome()
	c.r.step(u)
	return nil
}

// rejectUnprocessed ends the updates that the worker got and said nothing of.
func (r *run) rejectUnprocessed() {
	for _, id := range slices.Clone(r.order) {
		if u := r.updates[id]; u.stage == sent {
			r.reject(u, &failurepb.Failure{
				Message: "Workflow Update is rejected because it wasn't processed by worker. " +
					"Probably, Workflow Update is not supported by the worker.",
				Source: "Server",
				FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
					ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{
						Type: "UnprocessedUpdate", NonRetryable: true,
					},
				},
			})
		}
	}
}

// abortReason says why updates end without an answer of the workflow.
type abortReason int

const (
	abortClosed abortReason = iota
	abortTaskFailed
)

// abortUpdates ends the updates that have no other end any more.
func (r *run) abortUpdates(why abortReason) {
	for _, id := range slices.Clone(r.order) {
		r.abort(r.updates[id], why)
	}
}

func (r *run) abort(u *update, why abortReason) {
	switch {
	case u.stage == completed || u.stage == aborted:
		return
	case why == abortClosed && u.stage == accepted:
		u.outcome = &updatepb.Outcome{Value: &updatepb.Outcome_Failure{Failure: &failurepb.Failure{
			Message: "Workflow Update failed because the Workflow completed before the Update completed.",
			Source:  "Server",
			FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
				ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{
					Type: "AcceptedUpdateCompletedWorkflow", NonRetryable: true,
				},
			},
		}}}
	case why == abortClosed && r.continuing:
		u.err = errClosing() // the next run may take it
	case why == abortClosed:
		u.err = serviceerror.NewNotFound(textUpdateClosed)
	case u.stage == sent:
		u.err = serviceerror.NewWorkflowNotReady(textUpdateTaskFail)
	case u.stage == admitted:
		u.err = serviceerror.NewUnavailable(textUpdateAborted)
	default: // an accepted update outlives the failure of a task
		return
	}
	u.stage = aborted
	if u.outcome == nil {
		r.forget(u)
	}
	r.step(u)
}
