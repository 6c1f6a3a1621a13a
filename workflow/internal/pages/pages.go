package pages

import (
	"fmt"

	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
)

// Events returns the events of a page, in whichever form the server sent them.
func Events(page *workflowservice.GetWorkflowExecutionHistoryResponse) ([]*historypb.HistoryEvent, error) {
	if len(page.GetRawHistory()) == 0 {
		return page.GetHistory().GetEvents(), nil
	}
	var events []*historypb.HistoryEvent
	for _, b := range page.GetRawHistory() { // as the server stores it
		var h historypb.History
		if err := proto.Unmarshal(b.GetData(), &h); err != nil {
			return nil, fmt.Errorf("history blob of encoding %s: %w", b.GetEncodingType(), err)
		}
		events = append(events, h.GetEvents()...)
	}
	return events, nil
}
