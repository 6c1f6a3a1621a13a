package service

import (
	"context"
	"slices"

	deploymentpb "go.temporal.io/api/deployment/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
)

// DescribeWorkerDeploymentVersion tells how a version is.
func (v *server) DescribeWorkerDeploymentVersion(
	_ context.Context, req *workflowservice.DescribeWorkerDeploymentVersionRequest,
) (*workflowservice.DescribeWorkerDeploymentVersionResponse, error) {
	//nolint:staticcheck // clients that know nothing else send it
	err := firstUnimplemented("DescribeWorkerDeploymentVersion", []use{
		{"Version", req.GetVersion() != ""},
		{"ReportTaskQueueStats", req.GetReportTaskQueueStats()},
	})
	if err != nil {
		return nil, err
	}
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	n, err := v.s.space(req.GetNamespace())
	if err != nil {
		return nil, err
	}
	if req.GetDeploymentVersion() == nil {
		return nil, invalid("deployment version cannot be empty")
	}
	d := n.deployments[req.GetDeploymentVersion().GetDeploymentName()]
	if d == nil || d.version(req.GetDeploymentVersion().GetBuildId()) == nil {
		return nil, serviceerror.NewNotFound("Worker Deployment Version not found")
	}
	one := d.version(req.GetDeploymentVersion().GetBuildId())
	response := &workflowservice.DescribeWorkerDeploymentVersionResponse{
		WorkerDeploymentVersionInfo: d.info(one),
	}
	for _, k := range one.queues {
		response.VersionTaskQueues = append(response.VersionTaskQueues,
			&workflowservice.DescribeWorkerDeploymentVersionResponse_VersionTaskQueue{Name: k.name, Type: k.kind})
	}
	return response, nil
}

func (d *deployment) info(v *deployed) *deploymentpb.WorkerDeploymentVersionInfo {
	name := version{d.name, v.build}
	info := &deploymentpb.WorkerDeploymentVersionInfo{
		Version:           name.text(), //nolint:staticcheck // the server still sends it
		DeploymentVersion: name.proto(), Status: d.status(v),
		CreateTime: timestamp(v.made), RoutingChangedTime: timestamp(v.routed),
		CurrentSinceTime: timestamp(v.currentAt), RampingSinceTime: timestamp(v.rampingAt),
	}
	if v.build == d.ramping {
		info.RampPercentage = d.percentage
	}
	if !v.draining.IsZero() {
		info.DrainageInfo = draining(v)
	}
	for _, k := range v.queues {
		info.TaskQueueInfos = append(info.TaskQueueInfos,
			&deploymentpb.WorkerDeploymentVersionInfo_VersionTaskQueueInfo{Name: k.name, Type: k.kind})
	}
	return info
}

func draining(v *deployed) *deploymentpb.VersionDrainageInfo {
	return &deploymentpb.VersionDrainageInfo{
		Status:          enumspb.VERSION_DRAINAGE_STATUS_DRAINING,
		LastChangedTime: timestamp(v.draining), LastCheckedTime: timestamp(v.draining),
	}
}

func (d *deployment) status(v *deployed) enumspb.WorkerDeploymentVersionStatus {
	switch {
	case v.build == d.current:
		return enumspb.WORKER_DEPLOYMENT_VERSION_STATUS_CURRENT
	case v.build == d.ramping:
		return enumspb.WORKER_DEPLOYMENT_VERSION_STATUS_RAMPING
	case !v.draining.IsZero():
		return enumspb.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINING
	default:
		return enumspb.WORKER_DEPLOYMENT_VERSION_STATUS_INACTIVE
	}
}

// DescribeWorkerDeployment tells how a deployment is and which versions it has.
func (v *server) DescribeWorkerDeployment(
	_ context.Context, req *workflowservice.DescribeWorkerDeploymentRequest,
) (*workflowservice.DescribeWorkerDeploymentResponse, error) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	_, d, err := v.s.deployment(req.GetNamespace(), "WorkerDeploymentName", req.GetDeploymentName())
	if err != nil {
		return nil, err
	}
	info := &deploymentpb.WorkerDeploymentInfo{
		Name: d.name, CreateTime: timestamp(d.made), LastModifierIdentity: d.modifier,
		RoutingConfig: d.routing(), RoutingConfigUpdateState: enumspb.ROUTING_CONFIG_UPDATE_STATE_COMPLETED,
	}
	for _, one := range slices.Backward(d.versions) {
		info.VersionSummaries = append(info.VersionSummaries, d.summary(one))
	}
	return &workflowservice.DescribeWorkerDeploymentResponse{
		ConflictToken: d.token, WorkerDeploymentInfo: info,
	}, nil
}

func (d *deployment) routing() *deploymentpb.RoutingConfig {
	current := version{}
	if d.current != "" {
		current = version{d.name, d.current}
	}
	//nolint:staticcheck // the server still sends the older names
	config := &deploymentpb.RoutingConfig{
		CurrentDeploymentVersion: current.proto(), CurrentVersion: current.text(),
		CurrentVersionChangedTime: timestamp(d.currentAt), RampingVersionChangedTime: timestamp(d.rampingAt),
		RampingVersionPercentageChangedTime: timestamp(d.percentageAt),
		RampingVersionPercentage:            d.percentage, RevisionNumber: d.revision,
	}
	if d.ramping != "" {
		ramping := version{d.name, d.ramping}
		config.RampingDeploymentVersion = ramping.proto()
		config.RampingVersion = ramping.text() //nolint:staticcheck // the same
	}
	return config
}

func (d *deployment) summary(v *deployed) *deploymentpb.WorkerDeploymentInfo_WorkerDeploymentVersionSummary {
	name := version{d.name, v.build}
	s := &deploymentpb.WorkerDeploymentInfo_WorkerDeploymentVersionSummary{
		Version:           name.text(), //nolint:staticcheck // the server still sends it
		DeploymentVersion: name.proto(), Status: d.status(v), CreateTime: timestamp(v.made),
		CurrentSinceTime: timestamp(v.currentAt), RampingSinceTime: timestamp(v.rampingAt),
		RoutingUpdateTime: timestamp(v.routed), FirstActivationTime: timestamp(v.first),
		LastCurrentTime: timestamp(v.lastCurrent), LastDeactivationTime: timestamp(v.gone),
	}
	switch {
	case !v.draining.IsZero():
		s.DrainageInfo = draining(v)
		s.DrainageStatus = enumspb.VERSION_DRAINAGE_STATUS_DRAINING
	case !v.lastCurrent.IsZero():
		s.DrainageInfo = &deploymentpb.VersionDrainageInfo{
			LastChangedTime: timestamp(v.currentAt), LastCheckedTime: timestamp(v.currentAt),
		}
	}
	return s
}
