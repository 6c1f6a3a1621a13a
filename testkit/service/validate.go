package service

import (
	"strconv"
	"strings"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	// maxID is how long an id or a name may be.
	maxID = 1000
	// historyIdentity is how the server names itself.
	historyIdentity = "history-service"
	// reservedPrefix is that of the server's own task queues.
	reservedPrefix = "/_sys/"
)

// checkQueue validates the task queue and fills in its kind.
func checkQueue(q *taskqueuepb.TaskQueue) error {
	if q == nil {
		return invalid("taskQueue is not set")
	}
	if q.GetKind() == enumspb.TASK_QUEUE_KIND_UNSPECIFIED {
		q.Kind = enumspb.TASK_QUEUE_KIND_NORMAL
	}
	switch {
	case q.GetName() == "":
		return invalid("missing task queue name")
	case len(q.GetName()) > maxID:
		return invalid("taskQueue length exceeds limit")
	case strings.HasPrefix(q.GetName(), reservedPrefix):
		return invalid("task queue name cannot start with reserved prefix %v", reservedPrefix)
	}
	return nil
}

// checkExecution validates what names a run.
func checkExecution(e *commonpb.WorkflowExecution) error {
	switch {
	case e == nil:
		return invalid("Execution is not set on request.")
	case e.GetWorkflowId() == "":
		return invalid("WorkflowId is not set on request.")
	case e.GetRunId() != "" && !isUUID(e.GetRunId()):
		return invalid("Invalid RunId.")
	}
	return nil
}

// isUUID reports whether s has the usual form of a UUID.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range []byte(s) {
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case !strings.ContainsRune("0123456789abcdefABCDEF", rune(c)):
			return false
		}
	}
	return true
}

// normalizeActivity validates the command and fills in what it leaves open, as
// the server does before it writes the event.
func normalizeActivity(a *commandpb.ScheduleActivityTaskCommandAttributes, run *durationpb.Duration) error {
	if a == nil {
		return invalid("ScheduleActivityTaskCommandAttributes is not set on ScheduleActivityTaskCommand.")
	}
	if err := checkQueue(a.GetTaskQueue()); err != nil {
		return err
	}
	switch {
	case a.GetActivityId() == "":
		return invalid("activityId is not set")
	case a.GetActivityType().GetName() == "":
		return invalid("activityType is not set")
	}
	if a.RetryPolicy == nil {
		a.RetryPolicy = &commonpb.RetryPolicy{}
	}
	if err := normalizeRetry(a.RetryPolicy); err != nil {
		return err
	}
	for _, l := range []struct{ name, value string }{
		{"activityId", a.GetActivityId()}, {"activityType", a.GetActivityType().GetName()},
	} {
		if len(l.value) > maxID {
			return invalid("%s exceeds length limit. Length=%d Limit=%d", l.name, len(l.value), maxID)
		}
	}
	if err := checkPriority(a.GetPriority()); err != nil {
		return invalid("invalid priorities: %v", err)
	}
	for _, d := range []struct {
		name  string
		value *durationpb.Duration
	}{
		{"ScheduleToCloseTimeout", a.GetScheduleToCloseTimeout()},
		{"ScheduleToStartTimeout", a.GetScheduleToStartTimeout()},
		{"StartToCloseTimeout", a.GetStartToCloseTimeout()},
		{"HeartbeatTimeout", a.GetHeartbeatTimeout()},
	} {
		if d.value.AsDuration() < 0 {
			return invalid("invalid %s: %v", d.name, errNegative)
		}
	}
	return normalizeTimeouts(a, run)
}

// normalizeTimeouts deduces timeouts from others and makes none longer than the
// one around it.
func normalizeTimeouts(a *commandpb.ScheduleActivityTaskCommandAttributes, run *durationpb.Duration) error {
	if run == nil {
		run = durationpb.New(0)
	}
	set := func(d *durationpb.Duration) bool { return d.AsDuration() > 0 }
	least := func(d, most *durationpb.Duration) *durationpb.Duration {
		return durationpb.New(min(d.AsDuration(), most.AsDuration()))
	}
	switch {
	case set(a.GetScheduleToCloseTimeout()):
		all := a.GetScheduleToCloseTimeout()
		if set(a.GetScheduleToStartTimeout()) {
			a.ScheduleToStartTimeout = least(a.GetScheduleToStartTimeout(), all)
		} else {
			a.ScheduleToStartTimeout = all
		}
		if set(a.GetStartToCloseTimeout()) {
			a.StartToCloseTimeout = least(a.GetStartToCloseTimeout(), all)
		} else {
			a.StartToCloseTimeout = all
		}
	case set(a.GetStartToCloseTimeout()):
		a.ScheduleToCloseTimeout = run
		if !set(a.GetScheduleToStartTimeout()) {
			a.ScheduleToStartTimeout = run
		}
	default:
		return invalid("a valid StartToCloseTimeout or ScheduleToCloseTimeout must be set on the activity. "+
			"ActivityId=%s ActivityType=%s", a.GetActivityId(), a.GetActivityType().GetName())
	}
	if set(run) {
		for _, d := range []**durationpb.Duration{
			&a.ScheduleToCloseTimeout, &a.ScheduleToStartTimeout, &a.StartToCloseTimeout, &a.HeartbeatTimeout,
		} {
			if (*d).AsDuration() > run.AsDuration() {
				*d = run
			}
		}
	}
	a.HeartbeatTimeout = least(a.GetHeartbeatTimeout(), a.GetStartToCloseTimeout())
	return nil
}

// The server's defaults of retry policies.
const (
	firstInterval   = time.Second
	coefficient     = 2.0
	intervalsAtMost = 100
)

func normalizeRetry(p *commonpb.RetryPolicy) error {
	if p.GetInitialInterval().AsDuration() == 0 {
		p.InitialInterval = durationpb.New(firstInterval)
	}
	if p.GetMaximumInterval().AsDuration() == 0 {
		p.MaximumInterval = durationpb.New(intervalsAtMost * p.GetInitialInterval().AsDuration())
	}
	if p.GetBackoffCoefficient() == 0 {
		p.BackoffCoefficient = coefficient
	}
	return checkRetry(p)
}

func checkRetry(p *commonpb.RetryPolicy) error {
	switch {
	case p.GetMaximumAttempts() == 1:
		return nil
	case p.GetInitialInterval().AsDuration() < 0:
		return invalid("invalid InitialInterval set on retry policy: %v", errNegative)
	case p.GetBackoffCoefficient() < 1:
		return invalid("BackoffCoefficient cannot be less than 1 on retry policy.")
	case p.GetMaximumInterval().AsDuration() < 0:
		return invalid("invalid MaximumInterval set on retry policy: %v", errNegative)
	case p.GetMaximumInterval().AsDuration() > 0 &&
		p.GetMaximumInterval().AsDuration() < p.GetInitialInterval().AsDuration():
		return invalid("MaximumInterval cannot be less than InitialInterval on retry policy.")
	case p.GetMaximumAttempts() < 0:
		return invalid("MaximumAttempts cannot be negative on retry policy.")
	}
	for _, t := range p.GetNonRetryableErrorTypes() {
		name, isTimeout := strings.CutPrefix(t, timeoutPrefix)
		if kind, err := enumspb.TimeoutTypeFromString(name); isTimeout &&
			(err != nil || kind == enumspb.TIMEOUT_TYPE_UNSPECIFIED) {
			return invalid("Invalid timeout type value: %v.", name)
		}
	}
	return nil
}

// encodeString is a text as a payload that every SDK reads.
func encodeString(s string) *commonpb.Payloads {
	return &commonpb.Payloads{Payloads: []*commonpb.Payload{{
		Metadata: map[string][]byte{"encoding": []byte("json/plain")},
		Data:     []byte(strconv.Quote(s)),
	}}}
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
