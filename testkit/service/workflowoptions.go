package service

import (
	"context"
	"slices"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// maskOverride is the path of the versioning override in masks.
const maskOverride = "versioning_override"

// UpdateWorkflowExecutionOptions changes the versioning override of a workflow.
func (v *server) UpdateWorkflowExecutionOptions(
	_ context.Context, req *workflowservice.UpdateWorkflowExecutionOptionsRequest,
) (*workflowservice.UpdateWorkflowExecutionOptionsResponse, error) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	if _, err := v.s.space(req.GetNamespace()); err != nil {
		return nil, err
	}
	if err := checkOptions(req); err != nil {
		return nil, err
	}
	if id := req.GetWorkflowExecution().GetRunId(); id != "" && !isUUID(id) {
		return nil, invalid("RunId is not valid UUID.")
	}
	r, err := v.s.find(req.GetNamespace(), req.GetWorkflowExecution())
	if err != nil {
		return nil, err
	}
	if !r.running() {
		return nil, errCompleted()
	}
	asked, err := r.pinHere(req.GetWorkflowExecutionOptions().GetVersioningOverride())
	if err != nil {
		return nil, err
	}
	o, err := r.namespace.override("UpdateWorkflowExecutionOptions", asked, r.started.GetTaskQueue().GetName())
	if err != nil {
		return nil, err
	}
	changes, err := readMask(req.GetUpdateMask())
	if err != nil {
		return nil, err
	}
	if !changes {
		asked = r.versioning.override
	}
	if !proto.Equal(asked, r.versioning.override) { // never so in the words of older clients
		r.addOptionsUpdated(o, req.GetIdentity())
		r.commit()
	}
	return &workflowservice.UpdateWorkflowExecutionOptionsResponse{
		WorkflowExecutionOptions: &workflowpb.WorkflowExecutionOptions{VersioningOverride: asked, Priority: r.priority()},
	}, nil
}

func checkOptions(req *workflowservice.UpdateWorkflowExecutionOptionsRequest) error {
	options := req.GetWorkflowExecutionOptions()
	switch {
	case req.GetWorkflowExecution().GetWorkflowId() == "":
		return invalid("WorkflowId is not set on request.")
	case req.GetUpdateMask() == nil:
		return invalid("UpdateMask is required")
	case options == nil:
		return invalid("WorkflowExecutionOptions is required")
	}
	paths := req.GetUpdateMask().GetPaths()
	if _, err := fieldmaskpb.New(options, paths...); err != nil {
		return invalid("error parsing UpdateMask: %v", err)
	}
	if err := checkPriority(options.GetPriority()); err != nil {
		return err
	}
	for _, other := range []string{"priority", "time_skipping_config"} {
		if slices.ContainsFunc(paths, func(p string) bool { return p == other || strings.HasPrefix(p, other+".") }) {
			return unimplemented("UpdateWorkflowExecutionOptions", other)
		}
	}
	return nil
}

// readMask reports whether the mask has the override, which changes as a whole.
func readMask(m *fieldmaskpb.FieldMask) (bool, error) {
	const deployment, behavior = maskOverride + ".deployment", maskOverride + ".behavior"
	paths := m.GetPaths()
	refuse := func(why string) (bool, error) {
		return false, invalid("error applying update_options: %v", why)
	}
	both := slices.Contains(paths, deployment) // older clients have the one with the other
	if both != slices.Contains(paths, behavior) {
		return refuse("versioning_override fields must be updated together")
	}
	for _, p := range paths {
		if strings.HasPrefix(p, maskOverride+".") && p != deployment && p != behavior {
			return refuse("versioning_override doesn't support partial updates")
		}
	}
	return both || slices.Contains(paths, maskOverride), nil
}

// pinHere completes an override that pins to no version: it means the one that the
// run is pinned to already.
func (r *run) pinHere(o *workflowpb.VersioningOverride) (*workflowpb.VersioningOverride, error) {
	if o.GetPinned().GetVersion() != nil ||
		o.GetPinned().GetBehavior() == workflowpb.VersioningOverride_PINNED_OVERRIDE_BEHAVIOR_UNSPECIFIED {
		return o, nil
	}
	own, behavior := r.versioning.effective()
	if behavior != enumspb.VERSIONING_BEHAVIOR_PINNED {
		return nil, serviceerror.NewFailedPreconditionf("must specify a specific pinned override version because "+
			"workflow with id %v has behavior %s and is not yet pinned to any version", r.workflowID, behavior)
	}
	return pins(own), nil
}

// addOptionsUpdated writes that the override has changed, and lets the run go by it.
func (r *run) addOptionsUpdated(o *workflowpb.VersioningOverride, identity string) {
	e := r.newEvent(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED)
	e.WorkerMayIgnore = true
	e.Attributes = &historypb.HistoryEvent_WorkflowExecutionOptionsUpdatedEventAttributes{
		WorkflowExecutionOptionsUpdatedEventAttributes: &historypb.WorkflowExecutionOptionsUpdatedEventAttributes{
			VersioningOverride: o, UnsetVersioningOverride: o == nil, Identity: identity, Priority: r.priority(),
		},
	}
	r.add(e)
	r.setOverride(o)
}
