package machine

import (
	protocolpb "go.temporal.io/api/protocol/v1"
	updatepb "go.temporal.io/api/update/v1"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// messages returns the update requests that the task of the current chunk has
// to deal with. In replay they are those that it is known to have accepted:
// what it rejected has left no trace.
func (m *Machine) messages(c *chunk, a *runner.Activation) ([]*protocolpb.Message, error) {
	admitted, err := c.admittedUpdates()
	if err != nil {
		return nil, err
	}
	switch {
	case m.active.live:
		return append(admitted, m.task.Messages...), nil
	case !a.Replaying:
		return admitted, nil
	case m.ahead == nil:
		return nil, nil
	default:
		return m.ahead.acceptedUpdates(admitted)
	}
}

// admittedUpdates returns the requests that are in history without having been
// accepted: those that a reset carried over.
func (c *chunk) admittedUpdates() ([]*protocolpb.Message, error) {
	var out []*protocolpb.Message
	for _, e := range c.events {
		a := e.GetWorkflowExecutionUpdateAdmittedEventAttributes()
		if a == nil {
			continue
		}
		id := a.GetRequest().GetMeta().GetUpdateId()
		m, err := requestMessage(id+"/request", id, e.GetEventId(), a.GetRequest())
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// acceptedUpdates returns the requests that the task before this chunk has
// accepted. One that had been admitted is in the event that said so.
func (c *chunk) acceptedUpdates(admitted []*protocolpb.Message) ([]*protocolpb.Message, error) {
	known := make(map[string]*protocolpb.Message, len(admitted))
	for _, m := range admitted {
		known[m.GetProtocolInstanceId()] = m
	}
	var out []*protocolpb.Message
	for _, e := range c.events {
		a := e.GetWorkflowExecutionUpdateAcceptedEventAttributes()
		if a == nil {
			continue
		}
		m, ok := known[a.GetProtocolInstanceId()]
		if !ok {
			var err error
			m, err = requestMessage(a.GetAcceptedRequestMessageId(), a.GetProtocolInstanceId(),
				a.GetAcceptedRequestSequencingEventId(), a.GetAcceptedRequest())
			if err != nil {
				return nil, err
			}
		}
		out = append(out, m)
	}
	return out, nil
}

// requestMessage is a request as the message that once carried it.
func requestMessage(
	id, instance string, sequencing int64, request *updatepb.Request,
) (*protocolpb.Message, error) {
	if request == nil {
		return nil, malformed("missing body in message for update ID %s", instance)
	}
	body, err := anypb.New(request)
	if err != nil {
		return nil, malformed("update %s: request cannot be packed: %v", instance, err)
	}
	return &protocolpb.Message{
		Id: id, ProtocolInstanceId: instance, Body: body,
		SequencingId: &protocolpb.Message_EventId{EventId: sequencing},
	}, nil
}
