package scenarios

import (
	commonpb "go.temporal.io/api/common/v1"
	deploymentpb "go.temporal.io/api/deployment/v1"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// overrideScenarios have workflows go to other versions than their workers say.
func overrideScenarios() []Scenario {
	return []Scenario{
		{"override-at-start", func(e *Env) {
			e.anew()
			e.deploy("first")
			second := e.deploy("second")
			e.setCurrent("first")
			e.StartWith(client.StartWorkflowOptions{VersioningOverride: &client.PinnedVersioningOverride{
				Version: worker.WorkerDeploymentVersion{DeploymentName: e.Name, BuildID: "second"},
			}}, Listen)
			e.noteDescribed()
			e.awaitStatus("second", enumspb.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINING)
			e.noteVersion("second")
			e.noteDeployment()
			t := second.poll()
			e.noteDescribed()
			second.respond(t, upgraded, scheduleActivity(e, "1"))
			e.noteDescribed()
			e.respondActivity(second.pollActivity())
			second.respond(second.poll(), upgraded, complete())
			e.noteDescribed()
		}},
		{"override-to-upgrade", func(e *Env) {
			e.anew()
			first, second := e.deploy("first"), e.deploy("second")
			e.setCurrent("first")
			e.StartWith(client.StartWorkflowOptions{
				VersioningOverride: &client.AutoUpgradeVersioningOverride{},
			}, Listen)
			e.noteDescribed()
			first.respond(first.poll(), pinned)
			e.noteDescribed()
			e.setCurrent("second")
			e.signal()
			t := second.poll()
			e.noteDescribed()
			second.respond(t, pinned, complete())
			e.noteDescribed()
		}},
		{"override-changed", changedOverride},
		{"override-of-waiting", overrideOfWaiting},
		{"override-goes-back", overrideGoesBack},
		{"override-errors", overrideErrors},
		{"override-start-errors", overrideStartErrors},
		{"override-signal-with-start", overrideSignaled},
	}
}

// overrideGoesBack resets a workflow to before and after it was pinned.
func overrideGoesBack(e *Env) {
	e.anew()
	first, second := e.deploy("first"), e.deploy("second")
	e.setCurrent("first")
	e.Start(Listen)
	first.respond(first.poll(), pinned)
	point := e.last("WorkflowTaskCompleted")
	e.setCurrent("second")
	e.signal()
	first.respond(first.poll(), pinned)
	e.goBack(e.last("WorkflowTaskCompleted"))
	t := first.poll() // it was pinned
	e.noteDescribed()
	first.respond(t, pinned)
	e.override(pinnedTo(e, "first"))
	e.goBack(point)
	t = first.poll() // there it was not, but the override comes again
	e.noteDescribed()
	first.respond(t, pinned)
	e.goBack(e.last("WorkflowTaskCompleted"))
	first.respond(first.poll(), pinned)
	e.override(nil)
	e.goBack(point)
	second.respond(second.poll(), pinned, complete())
}

// overrideOfWaiting changes the override while tasks wait, and while one is in flight.
func overrideOfWaiting(e *Env) {
	e.anew()
	first, second := e.deploy("first"), e.deploy("second")
	e.setCurrent("first")
	e.Start(Listen)
	e.override(pinnedTo(e, "second"))
	second.respond(second.poll(), pinned, scheduleActivity(e, "1"))
	e.override(pinnedTo(e, "first"))
	e.respondActivity(first.pollActivity())
	t := first.poll()
	e.override(nil)
	e.noteDescribed()
	first.respond(t, pinned)
	e.noteDescribed()
	e.signal()
	first.respond(first.poll(), pinned, complete())
	e.override(pinnedTo(e, "second"))
}

// overrideSignaled sends signals with an override for the workflow that they start.
func overrideSignaled(e *Env) {
	e.anew()
	e.deploy("first")
	second := e.deploy("second")
	e.setCurrent("first")
	e.signalOverridden(pinnedTo(e, "second"))
	second.respond(second.poll(), pinned)
	e.noteDescribed()
	e.signalOverridden(upgrading(true)) // it runs: the override is not for it
	second.respond(second.poll(), pinned, complete())
	e.noteDescribed()
	e.signalOverridden(pinnedTo(e, "nothing"))
	e.signalOverridden(upgrading(false))
}

// changedOverride goes through all overrides of one workflow.
func changedOverride(e *Env) {
	e.anew()
	first, second := e.deploy("first"), e.deploy("second")
	e.setCurrent("first")
	e.Start(Listen)
	first.respond(first.poll(), pinned)
	e.override(pinnedTo(e, "second"))
	e.override(pinnedTo(e, "second"))
	e.noteDescribed()
	e.signal()
	t := second.poll()
	e.noteDescribed()
	second.respond(t, pinned)
	e.override(upgrading(true))
	e.noteDescribed()
	e.signal()
	t = first.poll()
	e.noteDescribed()
	first.respond(t, pinned)
	e.noteDescribed()
	e.override(nil)
	e.override(nil)
	e.noteDescribed()
	e.override(oldPinned(e.Name + ".second"))
	e.override(&workflowpb.VersioningOverride{
		Override: &workflowpb.VersioningOverride_Pinned{Pinned: &workflowpb.VersioningOverride_PinnedOverride{
			Behavior: workflowpb.VersioningOverride_PINNED_OVERRIDE_BEHAVIOR_PINNED,
		}},
	})
	e.signal()
	second.respond(second.poll(), pinned, complete())
	e.noteDescribed()
}

func pinnedTo(e *Env, build string) *workflowpb.VersioningOverride {
	return &workflowpb.VersioningOverride{
		Override: &workflowpb.VersioningOverride_Pinned{Pinned: &workflowpb.VersioningOverride_PinnedOverride{
			Behavior: workflowpb.VersioningOverride_PINNED_OVERRIDE_BEHAVIOR_PINNED,
			Version:  &deploymentpb.WorkerDeploymentVersion{DeploymentName: e.Name, BuildId: build},
		}},
	}
}

func upgrading(yes bool) *workflowpb.VersioningOverride {
	return &workflowpb.VersioningOverride{Override: &workflowpb.VersioningOverride_AutoUpgrade{AutoUpgrade: yes}}
}

// oldPinned is a pinned override in the words of older clients.
func oldPinned(version string) *workflowpb.VersioningOverride {
	return &workflowpb.VersioningOverride{Behavior: pinned, PinnedVersion: version} //nolint:staticcheck // they send it
}

// awaitStatus waits until the deployment says so of its version.
func (e *Env) awaitStatus(build string, status enumspb.WorkerDeploymentVersionStatus) {
	e.Helper()
	e.Until(func() bool {
		d, err := e.Service.DescribeWorkerDeployment(e.Ctx(), &workflowservice.DescribeWorkerDeploymentRequest{
			Namespace: "default", DeploymentName: e.Name,
		})
		e.Must(err)
		for _, v := range d.GetWorkerDeploymentInfo().GetVersionSummaries() {
			if v.GetDeploymentVersion().GetBuildId() == build {
				return v.GetStatus() == status
			}
		}
		return false
	})
}

// override sets or takes away the override of the scenario's workflow.
func (e *Env) override(o *workflowpb.VersioningOverride) {
	e.Helper()
	e.updateOptions(func(r *workflowservice.UpdateWorkflowExecutionOptionsRequest) {
		r.WorkflowExecutionOptions.VersioningOverride = o
	})
}

// updateOptions asks for other options of the scenario's workflow and notes what
// comes of it.
func (e *Env) updateOptions(with func(*workflowservice.UpdateWorkflowExecutionOptionsRequest)) {
	e.Helper()
	req := &workflowservice.UpdateWorkflowExecutionOptionsRequest{
		Namespace: "default", WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: e.Name}, Identity: Identity,
		WorkflowExecutionOptions: &workflowpb.WorkflowExecutionOptions{},
		UpdateMask:               &fieldmaskpb.FieldMask{Paths: []string{"versioning_override"}},
	}
	with(req)
	resp, err := e.Service.UpdateWorkflowExecutionOptions(e.Ctx(), req)
	e.NoteErr("update the options", err)
	e.Note("options: %s", Message(resp))
}

// badOverrides are overrides that no server takes.
func badOverrides(e *Env) []*workflowpb.VersioningOverride {
	return []*workflowpb.VersioningOverride{
		{},
		upgrading(false),
		pinnedTo(e, "nothing"),
		{Override: &workflowpb.VersioningOverride_Pinned{}},
		{Override: &workflowpb.VersioningOverride_Pinned{Pinned: &workflowpb.VersioningOverride_PinnedOverride{
			Version: &deploymentpb.WorkerDeploymentVersion{DeploymentName: e.Name, BuildId: "first"},
		}}},
		{Override: &workflowpb.VersioningOverride_OneTime{}},
		{Behavior: pinned},
		{Behavior: 99},
		{Behavior: upgraded, PinnedVersion: e.Name + ".first"},
		{Behavior: upgraded, Deployment: &deploymentpb.Deployment{}},
		{Behavior: pinned, Deployment: &deploymentpb.Deployment{}},
		{Behavior: pinned, Deployment: &deploymentpb.Deployment{SeriesName: "a.b"}},
		{Behavior: pinned, Deployment: &deploymentpb.Deployment{SeriesName: "a"}},
		oldPinned("first"), oldPinned(".first"), oldPinned("a."), oldPinned(e.Name + ".nothing"),
	}
}

func overrideErrors(e *Env) {
	type request = workflowservice.UpdateWorkflowExecutionOptionsRequest
	e.anew()
	e.override(upgrading(true))
	first := e.deploy("first")
	e.setCurrent("first")
	e.Start(Listen)
	for _, change := range []func(*request){
		func(r *request) { r.WorkflowExecution = nil },
		func(r *request) { r.WorkflowExecution.RunId = "nothing" },
		func(r *request) { r.WorkflowExecution.RunId = "4d9b1eb0-66d4-4b0c-9d8f-0d6b3f6e9c11" },
		func(r *request) { r.Namespace = "nothing" },
		func(r *request) { r.UpdateMask = nil },
		func(r *request) { r.UpdateMask = &fieldmaskpb.FieldMask{} },
		func(r *request) { r.UpdateMask.Paths = []string{"nothing"} },
		func(r *request) { r.UpdateMask.Paths = []string{"versioning_override.pinned"} },
		func(r *request) { r.UpdateMask.Paths = []string{"versioning_override.behavior"} },
		func(r *request) { r.UpdateMask.Paths = []string{"versioning_override.deployment"} },
		func(r *request) {
			r.UpdateMask.Paths = []string{"versioning_override.deployment", "versioning_override.behavior"}
		},
		func(r *request) { r.WorkflowExecutionOptions = nil },
	} {
		e.updateOptions(change)
	}
	for _, bad := range badOverrides(e) {
		e.override(bad)
	}
	// It is not pinned yet, to whatever it is.
	e.override(&workflowpb.VersioningOverride{
		Override: &workflowpb.VersioningOverride_Pinned{Pinned: &workflowpb.VersioningOverride_PinnedOverride{
			Behavior: workflowpb.VersioningOverride_PINNED_OVERRIDE_BEHAVIOR_PINNED,
		}},
	})
	first.respond(first.poll(), pinned, complete())
	e.noteDescribed()
}

func overrideStartErrors(e *Env) {
	e.anew()
	e.deploy("first")
	for _, bad := range badOverrides(e) {
		_, err := e.Service.StartWorkflowExecution(e.Ctx(), &workflowservice.StartWorkflowExecutionRequest{
			Namespace: "default", Identity: Identity, WorkflowId: e.Name, TaskQueue: &taskqueuepb.TaskQueue{Name: e.Name},
			WorkflowType: &commonpb.WorkflowType{Name: "Listen"}, VersioningOverride: bad,
		})
		e.NoteErr("start", err)
	}
}

// signalOverridden signals the scenario's workflow or starts it with the override.
func (e *Env) signalOverridden(o *workflowpb.VersioningOverride) {
	e.Helper()
	resp, err := e.Service.SignalWithStartWorkflowExecution(e.Ctx(),
		&workflowservice.SignalWithStartWorkflowExecutionRequest{
			Namespace: "default", Identity: Identity, WorkflowId: e.Name, TaskQueue: &taskqueuepb.TaskQueue{Name: e.Name},
			WorkflowType: &commonpb.WorkflowType{Name: "Listen"}, SignalName: "say", VersioningOverride: o,
			WorkflowIdReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		})
	e.NoteErr("signal with start", err)
	if err == nil {
		e.Keep(e.Name, resp.GetRunId())
	}
}
