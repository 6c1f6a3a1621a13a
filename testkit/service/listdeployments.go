package service

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"go.temporal.io/api/workflowservice/v1"
)

// ListWorkerDeployments tells of all deployments, the latest first.
func (v *server) ListWorkerDeployments(
	_ context.Context, req *workflowservice.ListWorkerDeploymentsRequest,
) (*workflowservice.ListWorkerDeploymentsResponse, error) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	n, err := v.s.space(req.GetNamespace())
	if err != nil {
		return nil, err
	}
	all := slices.SortedFunc(maps.Values(n.deployments), func(a, b *deployment) int {
		return cmp.Or(b.made.Compare(a.made), cmp.Compare(a.name, b.name))
	})
	if after := string(req.GetNextPageToken()); after != "" {
		i := slices.IndexFunc(all, func(d *deployment) bool { return d.name == after })
		if i < 0 {
			return nil, invalid("Invalid NextPageToken.")
		}
		all = all[i+1:]
	}
	response := &workflowservice.ListWorkerDeploymentsResponse{}
	if size := int(req.GetPageSize()); size > 0 && size < len(all) {
		all = all[:size]
		response.NextPageToken = []byte(all[size-1].name)
	}
	for _, d := range all {
		response.WorkerDeployments = append(response.WorkerDeployments, d.listed())
	}
	return response, nil
}

// listed is the deployment as an item of a list.
func (d *deployment) listed() *workflowservice.ListWorkerDeploymentsResponse_WorkerDeploymentSummary {
	out := &workflowservice.ListWorkerDeploymentsResponse_WorkerDeploymentSummary{
		Name: d.name, CreateTime: timestamp(d.made), RoutingConfig: d.routing(),
		LatestVersionSummary: d.summary(d.versions[len(d.versions)-1]),
	}
	if current := d.version(d.current); current != nil {
		out.CurrentVersionSummary = d.summary(current)
	}
	if ramping := d.version(d.ramping); ramping != nil {
		out.RampingVersionSummary = d.summary(ramping)
	}
	return out
}
