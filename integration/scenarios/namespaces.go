package scenarios

import (
	"reflect"

	"go.temporal.io/api/workflowservice/v1"
)

// namespaceScenarios call methods with requests that say nothing, or nothing but a
// namespace, or another one than their task token.
func namespaceScenarios() []Scenario {
	return []Scenario{
		{"hand-token-of-another-namespace", func(e *Env) {
			e.Start(Listen)
			t := e.poll("")
			for _, namespace := range []string{"other", "nowhere", ""} {
				e.respond(t, func(a *answer) { a.Namespace = namespace }, complete())
			}
		}},
		{"empty-requests", func(e *Env) { e.callAll("", ofNamespaces()...) }},
		{"empty-requests-nowhere", func(e *Env) { e.callAll("nowhere", ofNamespaces()...) }},
		{"empty-requests-default", func(e *Env) {
			e.callAll("default", "StartWorkflowExecution", "ExecuteMultiOperation", "GetWorkflowExecutionHistory",
				"GetWorkflowExecutionHistoryReverse", "PollWorkflowTaskQueue", "RespondWorkflowTaskCompleted",
				"RespondWorkflowTaskFailed", "PollActivityTaskQueue", "RecordActivityTaskHeartbeat",
				"RecordActivityTaskHeartbeatById", "RespondActivityTaskCompleted", "RespondActivityTaskCompletedById",
				"RespondActivityTaskFailed", "RespondActivityTaskFailedById", "RespondActivityTaskCanceled",
				"RespondActivityTaskCanceledById", "RequestCancelWorkflowExecution", "SignalWorkflowExecution",
				"SignalWithStartWorkflowExecution", "ResetWorkflowExecution", "TerminateWorkflowExecution",
				"DeleteWorkflowExecution", "RespondQueryTaskCompleted", "ShutdownWorker", "QueryWorkflow",
				"DescribeWorkflowExecution", "DescribeTaskQueue", "UpdateWorkflowExecution", "PollWorkflowExecutionUpdate",
				"UpdateActivityOptions", "PauseActivity", "UnpauseActivity", "ResetActivity", "RecordWorkerHeartbeat",
				"UpdateTaskQueueConfig", "DescribeWorker", "DescribeWorkerDeployment", "DescribeWorkerDeploymentVersion",
				"SetWorkerDeploymentCurrentVersion", "SetWorkerDeploymentRampingVersion", "UpdateWorkflowExecutionOptions")
		}},
	}
}

// ofNamespaces are the methods that are of a namespace, but for the one that makes
// them.
func ofNamespaces() []string {
	var out []string
	for _, m := range workflowservice.WorkflowService_ServiceDesc.Methods {
		method, _ := reflect.TypeFor[workflowservice.WorkflowServiceClient]().MethodByName(m.MethodName)
		if _, ok := method.Type.In(1).Elem().FieldByName("Namespace"); ok && m.MethodName != "RegisterNamespace" {
			out = append(out, m.MethodName)
		}
	}
	return out
}

// callAll calls the methods with requests in which only the namespace is set, and
// notes what is wrong with those.
func (e *Env) callAll(namespace string, methods ...string) {
	for _, name := range methods {
		method := reflect.ValueOf(e.Service).MethodByName(name)
		request := reflect.New(method.Type().In(1).Elem())
		request.Elem().FieldByName("Namespace").SetString(namespace)
		out := method.Call([]reflect.Value{reflect.ValueOf(e.Ctx()), request})
		err, _ := reflect.TypeAssert[error](out[1])
		e.NoteErr(name, err)
	}
}
