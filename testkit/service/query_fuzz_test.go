package service_test

import (
	"maps"
	"slices"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/codes"

	"github.com/mainspring-go/mainspring/testkit/service"
)

// FuzzQuery lists workflows by any query. Each is taken or refused as invalid, and
// what is taken obeys the laws of logic.
func FuzzQuery(f *testing.F) {
	s, err := service.New(service.Options{SearchAttributes: map[string]enumspb.IndexedValueType{
		"Color": enumspb.INDEXED_VALUE_TYPE_KEYWORD, "Size": enumspb.INDEXED_VALUE_TYPE_INT,
		"Tags": enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST, "Words": enumspb.INDEXED_VALUE_TYPE_TEXT,
	}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	c := s.Client()
	for id, attributes := range map[string]map[string]string{
		"plain": {}, "red": {"Color": `"red"`, "Size": "5"}, "words": {"Words": `"one two"`, "Tags": `["a","b"]`},
	} {
		fields := make(map[string]*commonpb.Payload)
		for name, data := range attributes {
			fields[name] = &commonpb.Payload{
				Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(data),
			}
		}
		_, err := c.StartWorkflowExecution(f.Context(), &workflowservice.StartWorkflowExecutionRequest{
			Namespace: "default", WorkflowId: id, WorkflowType: &commonpb.WorkflowType{Name: "Order"},
			TaskQueue:        &taskqueuepb.TaskQueue{Name: tasks},
			SearchAttributes: &commonpb.SearchAttributes{IndexedFields: fields},
		})
		if err != nil {
			f.Fatal(err)
		}
	}
	for _, seed := range []string{
		"", "Color = 'red'", "not (Size > 4 and Size <= 5.0) or Tags in ('a', \"b\")", "Words = 'two' and CloseTime is not null",
		"`WorkflowId` starts_with 'r' group by ExecutionStatus", "Size between -1 and 1e3", "ExecutionStatus = 'Running' order by RunId",
		"Color != 'it''s' || Color not in ('a\\'b')", "((((Size = 1))))", "Size = -+-1", "f(1, 2) is null", "Size in (1", "StartTime > '2000-01-01T00:00:00Z'",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		list := func(query string) (map[string]bool, bool) {
			response, err := c.ListWorkflowExecutions(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
				Namespace: "default", Query: query,
			})
			if err != nil {
				if code := serviceerror.ToStatus(err).Code(); code != codes.InvalidArgument {
					t.Fatalf("%q: %v: %v", query, code, err)
				}
				return nil, false
			}
			found := make(map[string]bool)
			for _, info := range response.GetExecutions() {
				found[info.GetExecution().GetWorkflowId()] = true
			}
			return found, true
		}
		found, ok := list(query)
		if !ok {
			return
		}
		if twice, ok := list("(" + query + ") and (" + query + ")"); ok && !maps.Equal(found, twice) {
			t.Errorf("%q finds %v, and with itself %v", query, found, twice)
		}
		others, ok := list("not (" + query + ")")
		if both := slices.DeleteFunc(slices.Collect(maps.Keys(found)), func(id string) bool { return !others[id] }); ok && len(both) > 0 {
			t.Errorf("%q and its opposite find %v", query, both)
		}
	})
}
