package shop

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Invitation says how to place an order of one's own from the temporal CLI while
// the worker runs.
func Invitation(address, namespace string) (string, error) {
	sample := Purchase{
		ID:      "my-order",
		Items:   []Item{{Name: "winding key", Count: 1, Cents: 475}},
		Address: "12 Old Lane, Geneva",
	}
	input, err := json.Marshal(sample)
	if err != nil {
		return "", err
	}
	at := fmt.Sprintf("--address %s --namespace %s --workflow-id %s", address, namespace, sample.ID)
	return strings.Join([]string{
		"The worker goes on. With the temporal CLI, place an order, ask for it, approve it, and get the receipt:",
		"",
		fmt.Sprintf("  temporal workflow start %s --task-queue %s --type %s --input '%s'",
			at, TaskQueue, WorkflowType, input),
		fmt.Sprintf("  temporal workflow query %s --type %s", at, QueryStatus),
		fmt.Sprintf("  temporal workflow signal %s --name %s --input '\"Ada\"'", at, SignalApprove),
		"  temporal workflow result " + at,
		"",
		"Ctrl-C stops it.",
	}, "\n"), nil
}
