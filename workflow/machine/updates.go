package machine

import (
	protocolpb "go.temporal.io/api/protocol/v1"
	updatepb "go.temporal.io/api/update/v1"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// updates are the protocol instances that have not ended.
type updates struct{ open map[string]bool }

// request turns a message into an update, or nil if it is of a protocol that
// is not known.
func (us *updates) request(m *protocolpb.Message) (*runner.Update, error) {
	var req updatepb.Request
	if !m.GetBody().MessageIs(&req) {
		return nil, nil //nolint:nilnil // other protocols are not for us
	}
	if err := m.GetBody().UnmarshalTo(&req); err != nil {
		return nil, malformed("update %s: request cannot be read: %v", m.GetProtocolInstanceId(), err)
	}
	id := m.GetProtocolInstanceId()
	if us.open[id] {
		return nil, &NondeterminismError{Detail: `invalid action "request" in update protocol: update ` + id +
			" is already being processed"}
	}
	if us.open == nil {
		us.open = make(map[string]bool)
	}
	us.open[id] = true
	return &runner.Update{
		Instance: id, MessageID: m.GetId(), SequencingID: m.GetEventId(), Request: &req,
	}, nil
}

// sent ends the instances that the workflow has answered for good.
func (us *updates) sent(messages []*protocolpb.Message) {
	for _, m := range messages {
		if m.GetBody().MessageIs(&updatepb.Rejection{}) || m.GetBody().MessageIs(&updatepb.Response{}) {
			delete(us.open, m.GetProtocolInstanceId())
		}
	}
}
