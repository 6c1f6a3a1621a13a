package service

import (
	"context"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	defaultTaskTimeout = 10 * time.Second
	maxTaskTimeout     = 2 * time.Minute
)

// StartWorkflowExecution starts a run, or finds one by the policies of the request.
func (v *server) StartWorkflowExecution(
	_ context.Context, req *workflowservice.StartWorkflowExecutionRequest,
) (*workflowservice.StartWorkflowExecutionResponse, error) {
	if err := checkStart(req, v.s.now()); err != nil {
		return nil, err
	}
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	n, err := v.s.space(req.GetNamespace())
	if err != nil {
		return nil, err
	}
	if err := v.s.checkAttributes(n, req.GetSearchAttributes()); err != nil {
		return nil, err
	}
	if err := n.readStart(req); err != nil {
		return nil, err
	}
	if req.GetRequestId() == "" {
		req.RequestId = v.s.newID()
	}
	if err := n.limits.checkStart(req.GetInput(), req.GetMemo()); err != nil {
		return nil, err
	}
	if existing := n.current[req.GetWorkflowId()]; existing != nil {
		found, err := existing.resolve(req, nil)
		if found != nil || err != nil {
			return found, err
		}
	}
	return v.s.begin(n, requested(req, v.s.now())).startedFor(req), nil
}

// startedFor is the response to a call that has started the run.
func (r *run) startedFor(
	req *workflowservice.StartWorkflowExecutionRequest,
) *workflowservice.StartWorkflowExecutionResponse {
	response := started(r, true)
	if req.GetRequestEagerExecution() {
		response.EagerWorkflowTask = r.eagerTask()
	}
	return response
}

func started(r *run, fresh bool) *workflowservice.StartWorkflowExecutionResponse {
	return &workflowservice.StartWorkflowExecutionResponse{
		RunId: r.id, FirstExecutionRunId: r.started.GetFirstExecutionRunId(), Started: fresh, Status: r.status,
		Link: &commonpb.Link{Variant: &commonpb.Link_WorkflowEvent_{WorkflowEvent: &commonpb.Link_WorkflowEvent{
			Namespace: r.namespace.name, WorkflowId: r.workflowID, RunId: r.id,
			Reference: &commonpb.Link_WorkflowEvent_EventRef{EventRef: &commonpb.Link_WorkflowEvent_EventReference{
				EventId: 1, EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
			}},
		}}},
	}
}

// checkStart validates the request and fills in its defaults, in the order in
// which the server does.
func checkStart(req *workflowservice.StartWorkflowExecutionRequest, at time.Time) error {
	setPolicies(req, enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL)
	if err := checkWorkflowID(req.GetWorkflowId()); err != nil {
		return err
	}
	if err := checkWhen(req); err != nil {
		return err
	}
	if err := checkCron(req.GetCronSchedule(), at); err != nil {
		return err
	}
	switch {
	case req.GetWorkflowType().GetName() == "":
		return invalid("WorkflowType is not set on request.")
	case len(req.GetWorkflowType().GetName()) > maxID:
		return invalid("WorkflowType length exceeds limit.")
	}
	if err := checkQueue(req.GetTaskQueue()); err != nil {
		return err
	}
	if err := checkTimeouts(req); err != nil {
		return err
	}
	if err := migratePolicies(req); err != nil {
		return err
	}
	if err := checkPriority(req.GetPriority()); err != nil {
		return err
	}
	capTimeouts(req)
	return firstUnimplemented("StartWorkflowExecution", []use{
		{"CompletionCallbacks", len(req.GetCompletionCallbacks()) > 0},
		{"OnConflictOptions", req.GetOnConflictOptions() != nil},
		{"TimeSkippingConfig", req.GetTimeSkippingConfig() != nil},
	})
}

// readStart validates the versioning override of the request and says it in
// today's words.
func (n *namespace) readStart(req *workflowservice.StartWorkflowExecutionRequest) (err error) {
	req.VersioningOverride, err = n.override("StartWorkflowExecution", req.GetVersioningOverride(),
		req.GetTaskQueue().GetName())
	return err
}

// schedule says when the runs of a request that starts a workflow begin.
type schedule interface {
	GetRetryPolicy() *commonpb.RetryPolicy
	GetCronSchedule() string
	GetWorkflowStartDelay() *durationpb.Duration
}

// checkWhen validates that and fills in the retry policy.
func checkWhen(req schedule) error {
	if p := req.GetRetryPolicy(); p != nil {
		if err := normalizeRetry(p); err != nil {
			return err
		}
	}
	delay := req.GetWorkflowStartDelay()
	switch {
	case req.GetCronSchedule() != "" && delay != nil:
		return invalid("CronSchedule and WorkflowStartDelay may not be used together.")
	case delay.AsDuration() < 0:
		return invalid("An invalid WorkflowStartDelaySeconds is set on request. cause: %v", errNegative)
	}
	return nil
}

// timeouts are those of a request that starts a workflow.
type timeouts interface {
	GetWorkflowExecutionTimeout() *durationpb.Duration
	GetWorkflowRunTimeout() *durationpb.Duration
	GetWorkflowTaskTimeout() *durationpb.Duration
}

func checkTimeouts(req timeouts) error {
	for _, d := range []struct {
		name    string
		timeout *durationpb.Duration
	}{
		{"WorkflowExecutionTimeoutSeconds", req.GetWorkflowExecutionTimeout()},
		{"WorkflowRunTimeoutSeconds", req.GetWorkflowRunTimeout()},
		{"WorkflowTaskTimeoutSeconds", req.GetWorkflowTaskTimeout()},
	} {
		if d.timeout.AsDuration() < 0 {
			return invalid("An invalid %s is set on request. cause: negative duration", d.name)
		}
	}
	return nil
}

func checkWorkflowID(id string) error {
	switch {
	case id == "":
		return invalid("WorkflowId is not set on request.")
	case len(id) > maxID:
		return invalid("WorkflowId exceeds maximum allowed length (%d/%d)", len(id), maxID)
	}
	return nil
}

// setPolicies fills in the policies that are left open.
func setPolicies(req *workflowservice.StartWorkflowExecutionRequest, conflict enumspb.WorkflowIdConflictPolicy) {
	if req.GetWorkflowIdReusePolicy() == enumspb.WORKFLOW_ID_REUSE_POLICY_UNSPECIFIED {
		req.WorkflowIdReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
	}
	//nolint:staticcheck // older clients use it
	if req.GetWorkflowIdConflictPolicy() == enumspb.WORKFLOW_ID_CONFLICT_POLICY_UNSPECIFIED &&
		req.GetWorkflowIdReusePolicy() != enumspb.WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING {
		req.WorkflowIdConflictPolicy = conflict
	}
}

// checkPolicies refuses policies that contradict each other.
func checkPolicies(reuse enumspb.WorkflowIdReusePolicy, conflict enumspb.WorkflowIdConflictPolicy) error {
	switch {
	case conflict != enumspb.WORKFLOW_ID_CONFLICT_POLICY_UNSPECIFIED &&
		reuse == enumspb.WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING: //nolint:staticcheck // older clients use it
		return invalid("Invalid WorkflowIDReusePolicy: WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING cannot be used together with a WorkflowIDConflictPolicy")
	case conflict == enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING &&
		reuse == enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE:
		return invalid("Invalid WorkflowIDReusePolicy: WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE cannot be used together with WorkflowIdConflictPolicy WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING")
	}
	return nil
}

// migratePolicies checks the policies and says in today's words what older ones
// ask for.
func migratePolicies(req *workflowservice.StartWorkflowExecutionRequest) error {
	if err := checkPolicies(req.GetWorkflowIdReusePolicy(), req.GetWorkflowIdConflictPolicy()); err != nil {
		return err
	}
	//nolint:staticcheck // older clients use it
	if req.GetWorkflowIdReusePolicy() == enumspb.WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING {
		req.WorkflowIdReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
		req.WorkflowIdConflictPolicy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING
	}
	return nil
}

// capTimeouts makes no timeout longer than the one around it.
func capTimeouts(req *workflowservice.StartWorkflowExecutionRequest) {
	run := runTimeout(req.GetWorkflowRunTimeout().AsDuration(), req.GetWorkflowExecutionTimeout().AsDuration())
	if run != req.GetWorkflowRunTimeout().AsDuration() {
		req.WorkflowRunTimeout = durationpb.New(run)
	}
	task := taskTimeout(req.GetWorkflowTaskTimeout().AsDuration(), run)
	if task != req.GetWorkflowTaskTimeout().AsDuration() {
		req.WorkflowTaskTimeout = durationpb.New(task)
	}
}

// runTimeout is the timeout of a run within that of the execution; zero: none.
func runTimeout(run, execution time.Duration) time.Duration {
	if execution > 0 && (run == 0 || run > execution) {
		return execution
	}
	return run
}

// taskTimeout is the timeout of workflow tasks within that of the run.
func taskTimeout(task, run time.Duration) time.Duration {
	if task == 0 {
		task = defaultTaskTimeout
	}
	task = min(task, maxTaskTimeout)
	if run > 0 {
		task = min(task, run)
	}
	return task
}

// resolve says what a start of the run's workflow id does: with neither a
// response nor an error another run may start.
func (r *run) resolve(
	req *workflowservice.StartWorkflowExecutionRequest, first func(*run),
) (*workflowservice.StartWorkflowExecutionResponse, error) {
	if req.GetRequestId() == r.requestID {
		// The same call once more: its response may have been lost.
		return r.startedFor(req), nil
	}
	if r.running() {
		return r.resolveRunning(req, first)
	}
	return nil, r.reusable(req.GetWorkflowIdReusePolicy())
}

// reusable says why no other run may follow the run, which is closed.
func (r *run) reusable(policy enumspb.WorkflowIdReusePolicy) error {
	failed := r.status != enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED &&
		r.status != enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW
	switch policy {
	case enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE:
		return nil
	case enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY:
		if failed {
			return nil
		}
		return errAlreadyStarted("Workflow execution already finished successfully. WorkflowId: %v, RunId: %v. "+
			"Workflow Id reuse policy: allow duplicate workflow Id if last run failed.", r)
	case enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE:
		return errAlreadyStarted("Workflow execution already finished. WorkflowId: %v, RunId: %v. "+
			"Workflow Id reuse policy: reject duplicate workflow Id.", r)
	default:
		return serviceerror.NewInternalf("Failed to process start workflow id reuse policy: %v.", policy)
	}
}

func (r *run) resolveRunning(
	req *workflowservice.StartWorkflowExecutionRequest, first func(*run),
) (*workflowservice.StartWorkflowExecutionResponse, error) {
	switch policy := req.GetWorkflowIdConflictPolicy(); policy {
	case enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL:
		return nil, errAlreadyStarted("Workflow execution is already running. WorkflowId: %v, RunId: %v.", r)
	case enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING:
		return started(r, false), nil
	case enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING:
		return r.replace(req, first).startedFor(req), nil
	default:
		return nil, serviceerror.NewInternalf("Failed to process start workflow id conflict policy: %v.", policy)
	}
}

// replace terminates the run and starts another one in its place.
func (r *run) replace(req *workflowservice.StartWorkflowExecutionRequest, first func(*run)) *run {
	successor := requested(req, r.s.now())
	// The id of the new run is in the details of the old one's end.
	successor.id, successor.first = r.s.newID(), first
	r.giveWay(successor.id)
	return r.s.begin(r.namespace, successor)
}

// giveWay ends the run, if it is running, for the one of the id.
func (r *run) giveWay(id string) {
	if r.running() {
		r.terminate("TerminateIfRunning WorkflowIdReusePolicy",
			encodeString("terminated by new runID: "+id), historyIdentity)
		r.commit()
	}
}

// requested is the run that a client asks for.
func requested(req *workflowservice.StartWorkflowExecutionRequest, at time.Time) spec {
	a := &historypb.WorkflowExecutionStartedEventAttributes{
		WorkflowType:             req.GetWorkflowType(),
		TaskQueue:                req.GetTaskQueue(),
		Input:                    req.GetInput(),
		WorkflowExecutionTimeout: req.GetWorkflowExecutionTimeout(),
		WorkflowRunTimeout:       req.GetWorkflowRunTimeout(),
		WorkflowTaskTimeout:      req.GetWorkflowTaskTimeout(),
		ContinuedFailure:         req.GetContinuedFailure(),
		LastCompletionResult:     req.GetLastCompletionResult(),
		Identity:                 req.GetIdentity(),
		Memo:                     req.GetMemo(),
		SearchAttributes:         req.GetSearchAttributes(),
		Header:                   req.GetHeader(),
		WorkflowId:               req.GetWorkflowId(),
		Priority:                 req.GetPriority(),
		RetryPolicy:              req.GetRetryPolicy(),
		CronSchedule:             req.GetCronSchedule(),
		VersioningOverride:       req.GetVersioningOverride(),
	}
	if pause, due := cronPause(req.GetCronSchedule(), at, at); due {
		a.Initiator = enumspb.CONTINUE_AS_NEW_INITIATOR_CRON_SCHEDULE
		a.FirstWorkflowTaskBackoff = durationpb.New(pause)
	}
	if req.GetWorkflowStartDelay().AsDuration() > 0 {
		a.FirstWorkflowTaskBackoff = req.GetWorkflowStartDelay()
	}
	if d := req.GetWorkflowExecutionTimeout().AsDuration(); d > 0 {
		a.WorkflowExecutionExpirationTime = timestamppb.New(at.Add(d).Round(time.Millisecond))
	}
	return spec{
		attributes: a, requestID: req.GetRequestId(), at: at,
		metadata: req.GetUserMetadata(), links: req.GetLinks(),
		eager: req.GetRequestEagerExecution() && a.GetFirstWorkflowTaskBackoff().AsDuration() == 0,
	}
}
