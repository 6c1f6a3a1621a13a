package task

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/bits"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	querypb "go.temporal.io/api/query/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
)

// Limits are the sizes, in bytes, of what a handler tells the server. Zero is
// the default, and what is negative is not checked.
type Limits struct {
	// PayloadWarning is the size of the arguments, result or details of one command
	// from which on people are warned; default 512 KiB. MemoWarning is that of a
	// memo; default 2 KiB.
	PayloadWarning, MemoWarning int
	// PayloadError and MemoError are the sizes that the server refuses, by which a
	// task fails here without asking it; default: whatever the server does.
	PayloadError, MemoError int
	// Request is the size of the largest request that the server takes; default
	// 4 MiB, that of gRPC. The server terminates a workflow whose task fails by it,
	// as it does when it has to refuse the request itself.
	Request int
	// HistoryLength is the number of events, and HistorySize the size, of a history
	// from which on people are warned, and again whenever it has doubled; default
	// 10,240 and 10 MiB. By default servers terminate runs at five times that.
	HistoryLength, HistorySize int
}

// Complete fills in the defaults.
func (l *Limits) Complete() {
	for _, d := range []struct {
		field *int
		value int
	}{
		{&l.PayloadWarning, 512 << 10},
		{&l.MemoWarning, 2 << 10},
		{&l.PayloadError, -1},
		{&l.MemoError, -1},
		{&l.Request, 4 << 20},
		{&l.HistoryLength, 10 << 10},
		{&l.HistorySize, 10 << 20},
	} {
		*d.field = cmp.Or(*d.field, d.value)
	}
}

// exceeds reports whether size is over limit.
func exceeds(size, limit int) bool { return limit >= 0 && size > limit }

// A SizeError says what of a workflow task is too large for the server.
type SizeError struct {
	// What is too large: "input of activity Charge (id 5)".
	What string
	// Size and Limit are in bytes.
	Size, Limit int
	// Memo and Request say that it is a memo or the whole request; else it is the
	// payloads of one command.
	Memo, Request bool
}

// Error implements error. It begins with the words that people search for.
func (e *SizeError) Error() string {
	kind := "payloads"
	switch {
	case e.Memo:
		kind = "memo"
	case e.Request:
		return fmt.Sprintf("the answer of the workflow task is larger than the server takes in one message: "+
			"%d bytes, the limit is %d; the largest parts: %s", e.Size, e.Limit, e.What)
	}
	return fmt.Sprintf("[TMPRL1103] Attempted to upload %s with size that exceeded the error limit. "+
		"%s: %d bytes, the limit is %d", kind, e.What, e.Size, e.Limit)
}

// oversized checks the answer of a task, and warns of what is nearly too large.
// Results of queries that are too large become failures of the queries.
func (w *work) oversized(
	ctx context.Context, t *polled, req *workflowservice.RespondWorkflowTaskCompletedRequest,
) error {
	m := meter{
		payload: threshold(w.Limits.PayloadWarning, w.Limits.PayloadError),
		memo:    threshold(w.Limits.MemoWarning, w.Limits.MemoError),
	}
	m.request(req)
	for _, p := range m.found {
		if err := w.size(ctx, t, p); err != nil {
			return &taskError{
				cause:   enumspb.WORKFLOW_TASK_FAILED_CAUSE_PAYLOADS_TOO_LARGE,
				failure: w.FailureConverter.ErrorToFailure(err),
				err:     err,
			}
		}
	}
	for _, r := range req.GetQueryResults() {
		r.Answer, r.ErrorMessage, r.ResultType = w.result(ctx, t, r)
	}
	// What is not payloads adds little: only then the whole is worth measuring.
	if w.Limits.Request < 0 || m.total < w.Limits.Request/2 {
		return nil
	}
	size := proto.Size(req)
	if !exceeds(size, w.Limits.Request) {
		return nil
	}
	err := &SizeError{What: largest(req), Size: size, Limit: w.Limits.Request, Request: true}
	return &taskError{
		cause:   enumspb.WORKFLOW_TASK_FAILED_CAUSE_GRPC_MESSAGE_TOO_LARGE,
		failure: w.FailureConverter.ErrorToFailure(err),
		err:     err,
	}
}

// threshold is the size from which on a part is of interest.
func threshold(warning, fails int) int {
	switch {
	case warning < 0:
		return fails
	case fails < 0:
		return warning
	default:
		return min(warning, fails)
	}
}

// size checks one part.
func (w *work) size(ctx context.Context, t *polled, p part) error {
	warning, fails, text := w.Limits.PayloadWarning, w.Limits.PayloadError,
		"[TMPRL1103] Attempted to upload payloads with size that exceeded the warning limit."
	if p.memo {
		warning, fails, text = w.Limits.MemoWarning, w.Limits.MemoError,
			"[TMPRL1103] Attempted to upload memo with size that exceeded the warning limit."
	}
	switch {
	case exceeds(p.size, fails):
		return &SizeError{What: p.what, Size: p.size, Limit: fails, Memo: p.memo}
	case exceeds(p.size, warning):
		w.Logger.WarnContext(ctx, text, //nolint:sloglint // one of two constants
			slog.String("WorkflowType", t.GetWorkflowType().GetName()),
			slog.String("WorkflowID", t.GetWorkflowExecution().GetWorkflowId()),
			slog.String("RunID", t.GetWorkflowExecution().GetRunId()),
			slog.String("What", p.what),
			slog.Int("Size", p.size),
			slog.Int("Limit", warning))
	}
	return nil
}

// result returns what a query is answered, which may be that its result is too
// large to be sent.
func (w *work) result(ctx context.Context, t *polled, r *querypb.WorkflowQueryResult) (
	*commonpb.Payloads, string, enumspb.QueryResultType,
) {
	size := proto.Size(r.GetAnswer())
	err := w.size(ctx, t, part{what: "result of a query", size: size})
	if err == nil && exceeds(size, w.Limits.Request) {
		err = &SizeError{What: "result of a query", Size: size, Limit: w.Limits.Request}
	}
	if err != nil {
		return nil, err.Error(), enumspb.QUERY_RESULT_TYPE_FAILED
	}
	return r.GetAnswer(), r.GetErrorMessage(), r.GetResultType()
}

// growing warns of a history that grows towards the end that the server makes
// of it.
func (w *work) growing(ctx context.Context, t *polled, r *Run) {
	level := max(doublings(r.length, w.Limits.HistoryLength), doublings(r.size, w.Limits.HistorySize))
	if level <= r.warned {
		return
	}
	r.warned = level
	w.Logger.WarnContext(ctx, "History of the workflow is large: the server will terminate the run "+
		"if it goes on; continue as new",
		slog.String("WorkflowType", t.GetWorkflowType().GetName()),
		slog.String("WorkflowID", t.GetWorkflowExecution().GetWorkflowId()),
		slog.String("RunID", t.GetWorkflowExecution().GetRunId()),
		slog.Int64("HistoryLength", r.length),
		slog.Int64("HistorySize", r.size))
}

// doublings returns how often limit fits into n in powers of two: 1 from limit
// on, 2 from twice the limit.
func doublings(n int64, limit int) int {
	if limit <= 0 {
		return 0
	}
	return bits.Len64(uint64(n) / uint64(limit)) //nolint:gosec // sizes are not negative
}
