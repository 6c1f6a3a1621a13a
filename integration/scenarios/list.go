package scenarios

import (
	"fmt"
	"strings"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
)

// SearchAttributes are the custom ones that a server must have for the scenarios.
func SearchAttributes() map[string]enumspb.IndexedValueType {
	return map[string]enumspb.IndexedValueType{
		"Color": enumspb.INDEXED_VALUE_TYPE_KEYWORD, "Tags": enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST,
		"Size": enumspb.INDEXED_VALUE_TYPE_INT, "Weight": enumspb.INDEXED_VALUE_TYPE_DOUBLE,
		"Ready": enumspb.INDEXED_VALUE_TYPE_BOOL, "Due": enumspb.INDEXED_VALUE_TYPE_DATETIME,
		"Words": enumspb.INDEXED_VALUE_TYPE_TEXT,
	}
}

// listed lists the scenario's workflows that fit the query.
func (e *Env) listed(query string) ([]*workflowpb.WorkflowExecutionInfo, error) {
	all := "TaskQueue = '" + e.Name + "'"
	if query != "" {
		all += " and (" + query + ")"
	}
	resp, err := e.Service.ListWorkflowExecutions(e.Ctx(), &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: "default", Query: all,
	})
	return resp.GetExecutions(), err
}

// list notes which of the scenario's workflows fit the query.
func (e *Env) list(query string) {
	e.Helper()
	found, err := e.listed(query)
	e.NoteErr(query, err)
	var ids []string
	for _, info := range found {
		ids = append(ids, strings.TrimPrefix(info.GetExecution().GetWorkflowId(), e.Name+"-"))
	}
	e.Note("found: %s", strings.Join(ids, " "))
}

// visible waits until so many workflows fit the query: the server's list is
// behind.
func (e *Env) visible(n int, query string) {
	e.Helper()
	e.Until(func() bool {
		found, err := e.listed(query)
		e.Must(err)
		return len(found) == n
	})
}

// fourWorkflows leaves four workflows to be listed: one is open.
func (e *Env) fourWorkflows() {
	e.Helper()
	e.Worker(worker.Options{}, Sleep, Fail, Listen)
	id := func(name string) client.StartWorkflowOptions {
		return client.StartWorkflowOptions{ID: e.Name + "-" + name}
	}
	_ = e.StartWith(id("a"), Sleep, 10*millisecond).Get(e.Ctx(), nil)
	_ = e.StartWith(id("b"), Fail).Get(e.Ctx(), nil)
	_ = e.StartWith(id("c"), Sleep, 10*millisecond).Get(e.Ctx(), nil)
	e.StartWith(id("d"), Listen)
	e.Await(e.Name+"-d", has("WorkflowTaskCompleted"))
	e.visible(4, "")
	e.visible(3, "ExecutionStatus != 'Running'")
}

// stopLast ends the workflow that is open.
func (e *Env) stopLast() {
	e.Helper()
	e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name+"-d", "", "over"))
}

func listScenarios() []Scenario {
	return alone([]Scenario{
		{"list", func(e *Env) {
			e.fourWorkflows()
			for _, query := range queries(e.Name) {
				e.list(query)
			}
			e.stopLast()
		}},
		{"list-pages", func(e *Env) {
			e.fourWorkflows()
			for _, size := range []int32{1, 2, 3, 5} {
				var next []byte
				for first := true; first || len(next) > 0; first = false {
					resp, err := e.Service.ListWorkflowExecutions(e.Ctx(), &workflowservice.ListWorkflowExecutionsRequest{
						Namespace: "default", Query: "TaskQueue = '" + e.Name + "'", PageSize: size, NextPageToken: next,
					})
					e.Must(err)
					next = resp.GetNextPageToken()
					e.Note("page of %d, more: %v", len(resp.GetExecutions()), len(next) > 0)
					for _, info := range resp.GetExecutions() {
						e.Note("  %s", listedText(info))
					}
				}
			}
			//nolint:staticcheck // older clients use it
			resp, err := e.Service.ScanWorkflowExecutions(e.Ctx(), &workflowservice.ScanWorkflowExecutionsRequest{
				Namespace: "default", Query: "TaskQueue = '" + e.Name + "'",
			})
			e.NoteErr("scan", err)
			e.Note("scanned %d", len(resp.GetExecutions()))
			e.stopLast()
		}},
		{"list-counts", func(e *Env) {
			e.fourWorkflows()
			for _, query := range []string{
				"", " and ExecutionStatus = 'Completed'", " and ExecutionStatus = 'Canceled'",
				" group by ExecutionStatus", " and CloseTime is not null group by ExecutionStatus",
				" group by WorkflowType", " group by ExecutionStatus, WorkflowType", " order by StartTime",
			} {
				resp, err := e.Service.CountWorkflowExecutions(e.Ctx(), &workflowservice.CountWorkflowExecutionsRequest{
					Namespace: "default", Query: "TaskQueue = '" + e.Name + "'" + query,
				})
				e.NoteErr("count"+query, err)
				e.Note("%s", Message(resp))
			}
			e.stopLast()
		}},
		{"list-attributes", listAttributes},
		{"list-bad", func(e *Env) {
			for _, query := range badQueries() {
				_, err := e.Service.ListWorkflowExecutions(e.Ctx(), &workflowservice.ListWorkflowExecutionsRequest{
					Namespace: "default", Query: query,
				})
				e.NoteErr(query, err)
			}
			_, err := e.Service.ListWorkflowExecutions(e.Ctx(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: "nowhere"})
			e.NoteErr("no namespace", err)
		}},
		{"attributes-bad", badAttributes},
		{"attributes-continue", attributesContinue},
	})
}

// listedText is a workflow as a list has it, without times and sizes.
func listedText(info *workflowpb.WorkflowExecutionInfo) string {
	return Message(info, "startTime", "closeTime", "executionTime", "executionDuration", "historySizeBytes",
		"stateTransitionCount", "searchAttributes")
}

// queries are filters of four workflows.
func queries(name string) []string {
	return []string{
		"", "ExecutionStatus = 'Running'", `ExecutionStatus = "WORKFLOW_EXECUTION_STATUS_COMPLETED"`, "ExecutionStatus = 3",
		"ExecutionStatus != 'Completed'", "ExecutionStatus in ('Completed', 'Failed')", "ExecutionStatus NOT IN ('Running')",
		"ExecutionStatus > 'Running'", "not ExecutionStatus = 'Running'",
		"WorkflowType = 'Sleep'", "WorkflowType <> 'Sleep'", "WorkflowType = 'sleep'", "`WorkflowType` >= 'Listen'",
		"WorkflowType BETWEEN 'Fail' AND 'Listen'", "WorkflowType not between 'Fail' and 'Listen'",
		"WorkflowType starts_with 'Sl'", "WorkflowType NOT STARTS_WITH 'Sl'",
		"WorkflowId = '" + name + "-a'", "WorkflowId in ('" + name + "-a','" + name + "-d', 'other')",
		"WorkflowId starts_with '" + name + "'", "RunId = 'x'", "RunId != 'x'",
		"CloseTime is null", "CloseTime is not null", "not CloseTime is null",
		"CloseTime > '1999-01-01T00:00:00Z'", "CloseTime < '1999-01-01T00:00:00Z'", "not CloseTime < '1999-01-01T00:00:00Z'",
		"StartTime > '1999-01-01T00:00:00+02:00'", "StartTime between '1999-01-01T00:00:00Z' and '2999-01-01T00:00:00.5Z'",
		"StartTime < 0", "StartTime > 0", "ExecutionTime >= '1999-01-01T00:00:00Z'",
		"ExecutionDuration < '1h'", "ExecutionDuration >= 0", "ExecutionDuration > '00:00:59'", "ExecutionDuration is null",
		"ExecutionDuration = -5", "ExecutionDuration > '9ms' and WorkflowType = 'Sleep'",
		"HistoryLength = 5", "HistoryLength > 5", "HistoryLength is null", "HistoryLength in (5, 11)", "HistoryLength >= 5.5",
		"ParentWorkflowId is null", "ParentWorkflowId = 'x'", "not ParentWorkflowId = 'x'", "RootWorkflowId = '" + name + "-b'",
		"TaskQueue = 'other' or WorkflowType = 'Fail' and ExecutionStatus = 'Failed'",
		"(WorkflowType = 'Fail' or WorkflowType = 'Sleep') and not (ExecutionStatus = 'Failed')",
		"not (not WorkflowType = 'Fail')", "WorkflowType = 'Fail' || WorkflowType = 'Listen' && CloseTime is null",
		"Color is null", "Color = 'red'", "Color != 'red'", "Tags != 'red'", "TemporalScheduledById is null",
		"ScheduleId = '" + name + "-a'",
	}
}

// badQueries are filters that no server takes.
func badQueries() []string {
	return []string{
		"Unknown = 1", "unknown is null", "workflowid = 'a'", "'a' = WorkflowId", "WorkflowId = WorkflowId", "WorkflowId = `x`",
		"WorkflowId", "'a'", "1", "true", "null", "now()", "WorkflowId = now()", "WorkflowId = null", "WorkflowId = 1",
		"WorkflowId = 1.5", "WorkflowId = true", "WorkflowId like 'a%'", "WorkflowId not like 'a'", "WorkflowId regexp 'a'",
		"WorkflowId = -'a'", "HistoryLength = 'a'", "HistoryLength starts_with 'a'", "HistoryLength like 5", "HistoryLength = true",
		"ExecutionStatus = 'running'", "ExecutionStatus = 99", "ExecutionStatus = 1.5", "ExecutionStatus = true",
		"ExecutionStatus in ('Running', 'x')", "ExecutionDuration = 'x'", "ExecutionDuration = 1.5",
		"StartTime = 'x'", "StartTime = 1.5", "StartTime > '2020-01-01'", "StartTime is true", "StartTime is not false",
		"Tags > 'a'", "Tags between 'a' and 'b'", "Words = ''", "Words > 'a'", "Words in ('a')", "Words between 'a' and 'b'",
		"Ready = 1", "Ready between true and false", "Due = true", "Size = '1'", "Weight = 'x'",
		"WorkflowId = 'a' limit 5", "order by WorkflowId", "order by Words", "order by Unknown", "WorkflowId = 'a' order by StartTime desc",
		"group by Unknown", "WorkflowId = 'a' group by RunId",
		"WorkflowId =", "WorkflowId = 'a' and", "= 'a'", "WorkflowId = 'a' 'b'", "WorkflowId == 'a'", "(WorkflowId = 'a'",
		"WorkflowId = 'a')", "WorkflowId in 'a'", "WorkflowId in ()", "WorkflowId between 'a'", "WorkflowId = 'a", "and",
		"WorkflowId = 'a' AND OR RunId = 'b'", "WorkflowId is", "WorkflowId is 5", "not", "WorkflowId ! 'a'", "WorkflowId = 5x",
		"WorkflowId = 'a' or and", "select", "Workflow-Id = 'a'",
	}
}

// listAttributes finds workflows by what they were told to be found by.
func listAttributes(e *Env) {
	due := time.Date(2020, 2, 3, 4, 5, 6, 123*1e6, time.UTC) // SQLite does not find whole seconds
	start := func(name string, updates ...temporal.SearchAttributeUpdate) {
		e.StartWith(client.StartWorkflowOptions{
			ID: e.Name + "-" + name, TypedSearchAttributes: temporal.NewSearchAttributes(updates...),
		}, Listen)
		e.Await(e.Name+"-"+name, has("WorkflowTaskCompleted"))
	}
	e.Worker(worker.Options{}, Sleep, Listen)
	pass := func() { e.Must(e.StartWith(client.StartWorkflowOptions{}, Sleep, 10*millisecond).Get(e.Ctx(), nil)) }
	start("a", temporal.NewSearchAttributeKeyKeyword("Color").ValueSet("red"),
		temporal.NewSearchAttributeKeyKeywordList("Tags").ValueSet([]string{"one", "two"}),
		temporal.NewSearchAttributeKeyInt64("Size").ValueSet(5), temporal.NewSearchAttributeKeyFloat64("Weight").ValueSet(1.5),
		temporal.NewSearchAttributeKeyBool("Ready").ValueSet(true), temporal.NewSearchAttributeKeyTime("Due").ValueSet(due),
		temporal.NewSearchAttributeKeyString("Words").ValueSet("The quick, brown fox"))
	pass()
	start("b", temporal.NewSearchAttributeKeyKeyword("Color").ValueSet("Green"),
		temporal.NewSearchAttributeKeyKeywordList("Tags").ValueSet([]string{"two", "three"}),
		temporal.NewSearchAttributeKeyInt64("Size").ValueSet(-7), temporal.NewSearchAttributeKeyFloat64("Weight").ValueSet(20),
		temporal.NewSearchAttributeKeyBool("Ready").ValueSet(false), temporal.NewSearchAttributeKeyTime("Due").ValueSet(due.Add(time.Hour)),
		temporal.NewSearchAttributeKeyString("Words").ValueSet("lazy dog"))
	pass()
	start("c")
	e.visible(3, "ExecutionStatus = 'Running'")
	for _, query := range []string{
		"Color = 'red'", "Color != 'red'", "Color in ('red', 'Green')", "not Color = 'red'", "Color starts_with 'Gr'", "Color < 'a'",
		"Tags = 'two'", "Tags = 'one'", "Tags in ('one', 'three')", "Tags not in ('one')", "Tags != 'three'", "Tags is null",
		"Size = 5", "Size > -8 and Size < 5", "Size = -7", "Size between -7 and 5", "Size in (5, 6)", "Size >= 4.5",
		"Weight > 1", "Weight = 1.5", "Weight = 20", "Ready = true", "Ready = false", "Ready != true", "Ready is not null",
		"Due = '2020-02-03T04:05:06.123Z'", "Due > '2020-02-03T04:05:06.123Z'", "Due < '2020-02-03T06:05:06+01:00'",
		"Words = 'fox'", "Words = 'QUICK'", "Words = 'dog fox'", "Words != 'dog'", "Words = 'brow'",
	} {
		e.list("ExecutionStatus = 'Running' and (" + query + ")")
	}
	found, err := e.listed("WorkflowId = '" + e.Name + "-a'")
	e.Must(err)
	d, err := e.Client.DescribeWorkflowExecution(e.Ctx(), e.Name+"-a", "")
	e.Must(err)
	for name := range SearchAttributes() {
		for _, info := range []*workflowpb.WorkflowExecutionInfo{found[0], d.GetWorkflowExecutionInfo()} {
			p := info.GetSearchAttributes().GetIndexedFields()[name]
			if string(p.GetMetadata()["type"]) != SearchAttributes()[name].String() || len(p.GetData()) == 0 {
				e.Note("%s is %s", name, Message(p))
			}
		}
	}
	for _, id := range []string{"a", "b", "c"} {
		e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name+"-"+id, "", "over"))
	}
}

// badAttributes are search attributes that no server takes.
func badAttributes(e *Env) {
	for _, bad := range [][2]string{
		{"Unknown", `"x"`},
		{"WorkflowId", `"x"`},
		{"TemporalWorkerDeployment", `"x"`},
		{"Size", `"x"`},
		{"Size", `1.5`},
		{"Color", `5`},
		{"Ready", `"true"`},
		{"Due", `"yesterday"`},
		{"Tags", `{"a":1}`},
		{"Words", `[1]`},
	} {
		what := fmt.Sprint(bad)
		e.signalWithStart(what, func(r *signalWithStart) { r.SearchAttributes = attributes(bad[0], bad[1]) })
		e.sendMulti(what, e.multi(func(s *startPart, _ *updatePart) { s.SearchAttributes = attributes(bad[0], bad[1]) }))
		_, err := e.Service.StartWorkflowExecution(e.Ctx(), &startPart{
			Namespace: "default", WorkflowId: e.Name, WorkflowType: &commonpb.WorkflowType{Name: "Listen"},
			TaskQueue: e.queue(), SearchAttributes: attributes(bad[0], bad[1]),
		})
		e.NoteErr(what, err)
	}
	e.Start(Listen)
	t := e.poll("")
	e.respond(t, nil, upsert(attributes("Unknown", `"x"`)))
	t = e.poll("")
	e.respond(t, nil, upsert(attributes("Size", `"x"`)))
	e.respond(t, nil, upsert(attributes("Size", `7`)), complete())
	e.visible(1, "Size = 7")
}

// attributesContinue continues a workflow with search attributes, bad ones first,
// of a child too.
func attributesContinue(e *Env) {
	with := func(name, data string) *commandpb.Command {
		return continueAsNew(func(a *commandpb.ContinueAsNewWorkflowExecutionCommandAttributes) {
			a.SearchAttributes = attributes(name, data)
		})
	}
	e.Start(Listen)
	e.respond(e.poll(""), nil, with("Unknown", `"x"`))
	t := e.poll("")
	e.respond(t, nil, with("RunId", `"x"`))
	for _, name := range []string{"Unknown", "Size"} {
		e.respond(t, nil, startChild(e, e.Name+"-child", func(a *childAttributes) {
			a.SearchAttributes = attributes(name, `"x"`)
		}))
	}
	e.respond(t, nil, with("Color", `"red"`))
	t = e.poll("")
	e.Keep(e.Name, t.GetWorkflowExecution().GetRunId())
	e.respond(t, nil, complete())
	e.visible(1, "Color = 'red' and ExecutionStatus = 'Completed'")
	e.visible(1, "ExecutionStatus = 'ContinuedAsNew'")
}

// attributes is one search attribute, as JSON.
func attributes(name, data string) *commonpb.SearchAttributes {
	return &commonpb.SearchAttributes{IndexedFields: map[string]*commonpb.Payload{
		name: {Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(data)},
	}}
}
