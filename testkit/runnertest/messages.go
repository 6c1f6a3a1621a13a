package runnertest

import (
	"errors"
	"fmt"

	protocolpb "go.temporal.io/api/protocol/v1"
	updatepb "go.temporal.io/api/update/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// asked are the queries that the clauses ask: one is known, one is not.
func asked() []runner.Query {
	return []runner.Query{{ID: "first", Type: "sum"}, {ID: "second", Type: "nobody"}, {ID: "third", Type: "sum"}}
}

// answered checks the answers to asked.
func answered(c *runner.Completion, sum int) error {
	if len(c.Answers) != 3 {
		return fmt.Errorf("three queries have %d answers", len(c.Answers))
	}
	for i, q := range asked() {
		a := c.Answers[i]
		switch known := q.Type == "sum"; {
		case a.ID != q.ID:
			return fmt.Errorf("answer %d is to query %q, want %q", i, a.ID, q.ID)
		case known && (a.Error != "" || decoded[int](a.Result) != sum):
			return fmt.Errorf("the answer is %v and error %q, want %d", a.Result, a.Error, sum)
		case !known && a.Error == "":
			return errors.New("a query that nobody knows has no error")
		}
	}
	return nil
}

func queries(r *rig) error {
	p, _, err := r.begin(Sum)
	if err != nil {
		return err
	}
	if _, err := p.task(update("u", 5)); err != nil {
		return err
	}
	for range 2 {
		c, err := p.activate(&runner.Activation{Queries: asked()})
		if err != nil {
			return err
		}
		if err := errors.Join(answered(c, 5), made(c)); err != nil {
			return err
		}
	}
	return nil
}

func queriesAfter(r *rig) error {
	p, _, err := r.begin(Sum)
	if err != nil {
		return err
	}
	p.queries = asked()
	c, err := p.task(update("u", 5))
	if err != nil {
		return err
	}
	return answered(c, 5)
}

func queriesAtEnd(r *rig) error {
	p, _, err := r.begin(Sum)
	if err != nil {
		return err
	}
	c, err := p.task(update("u", 5), signal("end", "x"))
	if err != nil {
		return err
	}
	if !c.Closed {
		return errors.New("the run has not ended")
	}
	c, err = p.activate(&runner.Activation{Queries: asked()})
	if err != nil {
		return err
	}
	return errors.Join(answered(c, 5), made(c))
}

func updateAnswered(r *rig) error {
	p, _, err := r.begin(Sum)
	if err != nil {
		return err
	}
	c, err := p.task(update("u", 5))
	if err != nil {
		return err
	}
	if err := made(c, "ProtocolMessage u/accept", "ProtocolMessage u/complete"); err != nil {
		return err
	}
	var accept updatepb.Acceptance
	if err := body(c, "u/accept", "u", &accept); err != nil {
		return err
	}
	if accept.GetAcceptedRequestMessageId() != "u/request" || accept.GetAcceptedRequestSequencingEventId() != 9 ||
		accept.GetAcceptedRequest().GetInput().GetName() != "add" {
		return fmt.Errorf("what was accepted is %v", &accept)
	}
	var response updatepb.Response
	if err := body(c, "u/complete", "u", &response); err != nil {
		return err
	}
	if response.GetMeta().GetUpdateId() != "u" || decoded[int](response.GetOutcome().GetSuccess()) != 5 {
		return fmt.Errorf("the response is %v", &response)
	}
	return nil
}

// body reads the message with an id.
func body(c *runner.Completion, id, instance string, into proto.Message) error {
	for _, m := range c.Messages {
		if m.GetId() != id {
			continue
		}
		if m.GetProtocolInstanceId() != instance {
			return fmt.Errorf("message %s is of update %q, want %q", id, m.GetProtocolInstanceId(), instance)
		}
		return m.GetBody().UnmarshalTo(into)
	}
	return fmt.Errorf("there is no message %s, but %s", id, messageIDs(c.Messages))
}

func messageIDs(all []*protocolpb.Message) (ids []string) {
	for _, m := range all {
		ids = append(ids, m.GetId())
	}
	return ids
}

func updateRejected(r *rig) error {
	p, _, err := r.begin(Sum)
	if err != nil {
		return err
	}
	c, err := p.task(update("u", -5))
	if err != nil {
		return err
	}
	var rejection updatepb.Rejection
	if err := body(c, "u/reject", "u", &rejection); err != nil {
		return err
	}
	if rejection.GetFailure().GetMessage() != "negative" || rejection.GetRejectedRequestMessageId() != "u/request" {
		return fmt.Errorf("the rejection is %v", &rejection)
	}
	return made(c)
}

func replaySkips(r *rig) error {
	p, err := r.run(Sum)
	if err != nil {
		return err
	}
	p.replaying, p.flags = true, []uint32{3} // that history has commands for messages
	if _, err := p.task(start(Sum)); err != nil {
		return err
	}
	c, err := p.task(update("u", -5))
	if err != nil {
		return err
	}
	return made(c, "ProtocolMessage u/accept", "ProtocolMessage u/complete")
}
