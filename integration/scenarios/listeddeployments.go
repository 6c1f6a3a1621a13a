package scenarios

import (
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
)

type listedDeployment = workflowservice.ListWorkerDeploymentsResponse_WorkerDeploymentSummary

func listedDeploymentScenarios() []Scenario {
	return []Scenario{
		{"deployment-listed", func(e *Env) {
			e.anew()
			e.deploy("first")
			e.noteListed(func(d *listedDeployment) bool { return d.GetLatestVersionSummary() != nil })
			e.trySetCurrent("first")
			e.deploy("second")
			e.ramp("second", 25)
			e.noteListed(func(d *listedDeployment) bool {
				return d.GetRampingVersionSummary().GetStatus() == enumspb.WORKER_DEPLOYMENT_VERSION_STATUS_RAMPING &&
					d.GetCurrentVersionSummary().GetStatus() == enumspb.WORKER_DEPLOYMENT_VERSION_STATUS_CURRENT
			})
			_, err := e.Service.ListWorkerDeployments(e.Ctx(), &workflowservice.ListWorkerDeploymentsRequest{})
			e.NoteErr("of no namespace", err)
			_, err = e.Service.ListWorkerDeployments(e.Ctx(), &workflowservice.ListWorkerDeploymentsRequest{Namespace: "nothing"})
			e.NoteErr("of an unknown namespace", err)
		}},
	}
}

// noteListed waits until the scenario's deployment is listed so, and notes it.
func (e *Env) noteListed(holds func(*listedDeployment) bool) {
	e.Helper()
	e.Until(func() bool {
		d := e.listedDeployment()
		if !holds(d) {
			return false
		}
		e.Note("listed: %s", Message(d, deploymentTimes()...))
		return true
	})
}

// listedDeployment looks for the scenario's deployment, page by page.
func (e *Env) listedDeployment() *listedDeployment {
	e.Helper()
	req := &workflowservice.ListWorkerDeploymentsRequest{Namespace: "default", PageSize: 2}
	for {
		resp, err := e.Service.ListWorkerDeployments(e.Ctx(), req)
		e.Must(err)
		for _, d := range resp.GetWorkerDeployments() {
			if d.GetName() == e.Name {
				return d
			}
		}
		if req.NextPageToken = resp.GetNextPageToken(); len(req.NextPageToken) == 0 {
			return nil
		}
	}
}
