package replay_test

import (
	"testing"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/replay"
)

func TestDynamicWorkflow(t *testing.T) {
	r := replay.NewWorkflowReplayer()
	err := r.RegisterDynamicWorkflow(func(ctx workflow.Context, args converter.EncodedValues) (string, error) {
		var id string
		if err := args.Get(&id); err != nil {
			return "", err
		}
		return Order(ctx, id)
	}, workflow.DynamicRegisterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.ReplayWorkflowHistory(nil, protoOf(record(t, 3))); err != nil {
		t.Error(err)
	}
}
