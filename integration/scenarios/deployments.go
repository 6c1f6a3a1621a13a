package scenarios

import (
	commandpb "go.temporal.io/api/command/v1"
	deploymentpb "go.temporal.io/api/deployment/v1"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

func deploymentScenarios() []Scenario {
	return []Scenario{
		{"deployment-pinned", func(e *Env) {
			e.anew()
			first := e.deploy("first")
			e.setCurrent("first")
			e.Start(Listen)
			t := first.poll()
			e.noteDescribed()
			first.respond(t, pinned, scheduleActivity(e, "1"))
			e.noteDescribed()
			e.respondActivity(first.pollActivity())
			e.deploy("second")
			e.setCurrent("second")
			first.respond(first.poll(), pinned, scheduleActivity(e, "2"))
			e.respondActivity(first.pollActivity())
			first.respond(first.poll(), pinned, complete())
			e.noteDescribed()
		}},
		{"deployment-described", describedDeployment},
		{"deployment-ramped", func(e *Env) {
			e.anew()
			first, second := e.deploy("first"), e.deploy("second")
			e.setCurrent("first")
			e.ramp("second", 50)
			e.awaitRouting(func(i *taskqueuepb.TaskQueueVersioningInfo) bool { return i.GetRampingVersionPercentage() == 50 })
			// Their ids decide which version they go to; the other one would never get them.
			e.StartWith(client.StartWorkflowOptions{ID: "ramped-0"}, Listen)
			second.respond(second.poll(), pinned, complete())
			e.StartWith(client.StartWorkflowOptions{ID: "ramped-2"}, Listen)
			first.respond(first.poll(), pinned, complete())
		}},
		{"deployment-errors", deploymentErrors},
		{"deployment-worker", func(e *Env) {
			e.anew()
			e.Worker(worker.Options{DeploymentOptions: worker.DeploymentOptions{
				UseVersioning:             true,
				Version:                   worker.WorkerDeploymentVersion{DeploymentName: e.Name, BuildID: "first"},
				DefaultVersioningBehavior: workflow.VersioningBehaviorPinned,
			}}, activities()...)
			e.awaitVersion(&deploymentpb.WorkerDeploymentVersion{DeploymentName: e.Name, BuildId: "first"})
			e.setCurrent("first")
			e.End(e.Start(Carry, Plan{Activity: "Third", StartToClose: second, Retry: quickly()}))
			e.noteDescribed()
		}},
	}
}

// movedScenarios have workflows change their version.
func movedScenarios() []Scenario {
	return []Scenario{
		{"deployment-moved-by-activity", func(e *Env) {
			e.anew()
			first := e.deploy("first")
			e.setCurrent("first")
			e.Start(Listen)
			first.respond(first.poll(), upgraded, scheduleActivity(e, "1"))
			second := e.deploy("second")
			e.setCurrent("second")
			var a *workflowservice.PollActivityTaskQueueResponse
			done := e.inBackground(func() (err error) {
				a, err = e.Service.PollActivityTaskQueue(e.Ctx(), second.activityRequest())
				return err
			})
			t := second.poll() // the poll for activities has made the workflow move
			e.noteDescribed()
			second.respond(t, upgraded)
			e.Must(<-done)
			e.noteActivity(a)
			e.respondActivity(a)
			second.respond(second.poll(), upgraded, complete())
		}},
		{"deployment-upgraded", func(e *Env) {
			e.anew()
			first := e.deploy("first")
			e.setCurrent("first")
			e.Start(Listen)
			first.respond(first.poll(), upgraded)
			second := e.deploy("second")
			e.setCurrent("second")
			e.signal()
			t := second.poll()
			e.noteDescribed()
			second.respond(t, upgraded, scheduleActivity(e, "1"))
			e.noteDescribed()
			e.respondActivity(second.pollActivity())
			second.respond(second.poll(), upgraded, complete())
			e.noteDescribed()
		}},
	}
}

const (
	pinned   = enumspb.VERSIONING_BEHAVIOR_PINNED
	upgraded = enumspb.VERSIONING_BEHAVIOR_AUTO_UPGRADE
)

// deployed is a worker by hand that belongs to a version of the scenario's
// deployment.
type deployed struct {
	e       *Env
	options *deploymentpb.WorkerDeploymentOptions
}

// deploy polls with the version until the server knows it with both queues.
func (e *Env) deploy(build string) deployed {
	e.Helper()
	d := deployed{e, &deploymentpb.WorkerDeploymentOptions{
		DeploymentName: e.Name, BuildId: build, WorkerVersioningMode: enumspb.WORKER_VERSIONING_MODE_VERSIONED,
	}}
	workflows, activities := d.request(), d.activityRequest()
	workflows.Identity, workflows.WorkerInstanceKey = "touch", e.Name+build
	activities.Identity, activities.WorkerInstanceKey = "touch", e.Name+build
	ended := e.inBackground(func() error {
		_, err := e.Service.PollWorkflowTaskQueue(e.Ctx(), workflows)
		return err
	})
	alsoEnded := e.inBackground(func() error {
		_, err := e.Service.PollActivityTaskQueue(e.Ctx(), activities)
		return err
	})
	e.awaitVersion(&deploymentpb.WorkerDeploymentVersion{DeploymentName: e.Name, BuildId: build})
	_, err := e.Service.ShutdownWorker(e.Ctx(), &workflowservice.ShutdownWorkerRequest{
		Namespace: "default", Identity: "touch", WorkerInstanceKey: e.Name + build, TaskQueue: e.Name, StickyTaskQueue: "none",
	})
	e.Must(err)
	_, _ = <-ended, <-alsoEnded // the server may say that it has ended them, or nothing
	return d
}

// awaitVersion waits until the server knows the version with both its queues.
func (e *Env) awaitVersion(v *deploymentpb.WorkerDeploymentVersion) {
	e.Helper()
	e.Until(func() bool {
		d, err := e.Service.DescribeWorkerDeploymentVersion(e.Ctx(),
			&workflowservice.DescribeWorkerDeploymentVersionRequest{Namespace: "default", DeploymentVersion: v})
		return err == nil && len(d.GetVersionTaskQueues()) == 2
	})
}

func (d deployed) request() *workflowservice.PollWorkflowTaskQueueRequest {
	return &workflowservice.PollWorkflowTaskQueueRequest{
		Namespace: "default", Identity: Identity, TaskQueue: &taskqueuepb.TaskQueue{Name: d.e.Name},
		DeploymentOptions: d.options,
	}
}

func (d deployed) poll() *workflowTask {
	d.e.Helper()
	t, err := d.e.Service.PollWorkflowTaskQueue(d.e.Ctx(), d.request())
	d.e.Must(err)
	d.e.noteTask(t)
	return t
}

func (d deployed) activityRequest() *workflowservice.PollActivityTaskQueueRequest {
	req := d.e.activityPoll()
	req.DeploymentOptions = d.options
	return req
}

func (d deployed) pollActivity() *workflowservice.PollActivityTaskQueueResponse {
	d.e.Helper()
	a, err := d.e.Service.PollActivityTaskQueue(d.e.Ctx(), d.activityRequest())
	d.e.Must(err)
	d.e.noteActivity(a)
	return a
}

func (d deployed) respond(t *workflowTask, b enumspb.VersioningBehavior, commands ...*commandpb.Command) {
	d.e.Helper()
	d.e.respond(t, func(a *answer) {
		a.VersioningBehavior, a.DeploymentOptions = b, d.options
	}, commands...)
}

// setCurrent makes the version the one that new workflows go to, and waits until
// they do.
func (e *Env) setCurrent(build string) {
	e.Helper()
	e.trySetCurrent(build)
	e.awaitRouting(func(i *taskqueuepb.TaskQueueVersioningInfo) bool {
		return i.GetCurrentDeploymentVersion().GetBuildId() == build
	})
}

func (e *Env) noteDescribed() {
	e.Helper()
	e.Note("%s", describe(e, e.Name))
}

// describedDeployment tells of a deployment at each step of its life.
func describedDeployment(e *Env) {
	e.anew()
	e.deploy("first")
	e.noteVersion("first")
	e.noteDeployment()
	e.trySetCurrent("first")
	e.trySetCurrent("first")
	e.noteVersion("first")
	e.noteDeployment()
	e.deploy("second")
	e.ramp("second", 50)
	e.ramp("second", 50)
	e.noteVersion("second")
	e.noteDeployment()
	e.trySetCurrent("second")
	e.noteVersion("first")
	e.noteVersion("second")
	e.noteDeployment()
	e.trySetCurrent("")
	e.noteDeployment()
	e.awaitRouting(func(i *taskqueuepb.TaskQueueVersioningInfo) bool { return i.GetCurrentDeploymentVersion() == nil })
	e.noteQueue(workflowTasks)
}

// deploymentErrors are changes of deployments that no server makes.
func deploymentErrors(e *Env) {
	e.anew()
	e.trySetCurrent("nothing")
	e.ramp("nothing", 10)
	e.noteDeployment()
	e.noteVersion("nothing")
	first := e.deploy("first")
	e.trySetCurrent("nothing")
	e.ramp("nothing", 10)
	e.noteVersion("nothing")
	e.trySetCurrent("first")
	e.ramp("first", 10)
	e.ramp("first", 110)
	poll := first.request()
	poll.DeploymentOptions = &deploymentpb.WorkerDeploymentOptions{
		DeploymentName: e.Name, WorkerVersioningMode: enumspb.WORKER_VERSIONING_MODE_VERSIONED,
	}
	_, err := e.Service.PollWorkflowTaskQueue(e.Ctx(), poll)
	e.NoteErr("poll", err)
	e.Start(Listen)
	e.respond(first.poll(), func(a *answer) { a.VersioningBehavior = pinned })
	e.terminate()
}

// trySetCurrent makes the version current and notes whether that went well. What it
// was before is not noted: a busy server may set it twice.
func (e *Env) trySetCurrent(build string) {
	e.Helper()
	_, err := e.Service.SetWorkerDeploymentCurrentVersion(e.Ctx(),
		&workflowservice.SetWorkerDeploymentCurrentVersionRequest{
			Namespace: "default", DeploymentName: e.Name, BuildId: build, Identity: Identity,
		})
	e.NoteErr("set current", err)
}

func (e *Env) noteVersion(build string) {
	e.Helper()
	v, err := e.Service.DescribeWorkerDeploymentVersion(e.Ctx(), &workflowservice.DescribeWorkerDeploymentVersionRequest{
		Namespace: "default", DeploymentVersion: &deploymentpb.WorkerDeploymentVersion{DeploymentName: e.Name, BuildId: build},
	})
	e.NoteErr("describe the version", err)
	e.Note("version: %s of %d queues", Message(v, append(deploymentTimes(), "versionTaskQueues", "taskQueueInfos")...),
		len(v.GetVersionTaskQueues()))
}

func (e *Env) noteDeployment() {
	e.Helper()
	d, err := e.Service.DescribeWorkerDeployment(e.Ctx(), &workflowservice.DescribeWorkerDeploymentRequest{
		Namespace: "default", DeploymentName: e.Name,
	})
	e.NoteErr("describe the deployment", err)
	// The server tells task queues of a change in its own time.
	e.Note("deployment: %s", Message(d, append(deploymentTimes(), "conflictToken", "routingConfigUpdateState")...))
}

// deploymentTimes are the fields that hold times. What drains is known after them.
func deploymentTimes() []string {
	return []string{
		"createTime", "currentSinceTime", "rampingSinceTime", "routingChangedTime", "routingUpdateTime",
		"currentVersionChangedTime", "rampingVersionChangedTime", "rampingVersionPercentageChangedTime",
		"firstActivationTime", "lastCurrentTime", "lastDeactivationTime", "lastChangedTime", "lastCheckedTime",
	}
}

// ramp sends a part of the workflows to the version and notes whether that went well.
func (e *Env) ramp(build string, percentage float32) {
	e.Helper()
	_, err := e.Service.SetWorkerDeploymentRampingVersion(e.Ctx(),
		&workflowservice.SetWorkerDeploymentRampingVersionRequest{
			Namespace: "default", DeploymentName: e.Name, BuildId: build, Percentage: percentage, Identity: Identity,
		})
	e.NoteErr("ramp", err)
}

// awaitRouting waits until both queues are routed so.
func (e *Env) awaitRouting(holds func(*taskqueuepb.TaskQueueVersioningInfo) bool) {
	e.Helper()
	e.Until(func() bool {
		return holds(e.describeQueue(workflowTasks).GetVersioningInfo()) &&
			holds(e.describeQueue(activityTasks).GetVersioningInfo())
	})
}
