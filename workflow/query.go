package workflow

import (
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// The queries that the runtime answers for every workflow.
const (
	stackTraceQuery = "__stack_trace"
	sessionsQuery   = "__open_sessions"
	metadataQuery   = "__temporal_workflow_metadata"
)

// QueryHandlerOptions are the options of [SetQueryHandlerWithOptions].
type QueryHandlerOptions struct {
	// Description is one line that the metadata query shows.
	Description string
}

type queryHandler struct {
	call        *callable
	convert     converter.DataConverter
	description string
}

// SetQueryHandler answers queries of this type with handler, a function with
// any serializable parameters that returns a result and an error. It runs
// between workflow tasks: it must neither block nor change anything. Set it
// before the workflow blocks for the first time, or the first query may miss it.
func SetQueryHandler(ctx Context, queryType string, handler any) error {
	r := runOf(ctx)
	r.mustMutate()
	return r.outbound.SetQueryHandler(ctx, queryType, handler)
}

func (o rootOutbound) SetQueryHandler(ctx Context, queryType string, handler any) error {
	return o.SetQueryHandlerWithOptions(ctx, queryType, handler, QueryHandlerOptions{})
}

// SetQueryHandlerWithOptions is [SetQueryHandler] with options.
func SetQueryHandlerWithOptions(
	ctx Context, queryType string, handler any, options QueryHandlerOptions,
) error {
	r := runOf(ctx)
	r.mustMutate()
	return r.outbound.SetQueryHandlerWithOptions(ctx, queryType, handler, options)
}

func (o rootOutbound) SetQueryHandlerWithOptions(
	ctx Context, queryType string, handler any, options QueryHandlerOptions,
) error {
	if err := checkHandlerName("queryType starts with '__' is reserved for internal use", queryType); err != nil {
		return err
	}
	c, err := newCallable(handler, shape{what: "handler of query " + queryType, result: true})
	if err != nil {
		return err
	}
	if o.run.queries == nil {
		o.run.queries = make(map[string]*queryHandler)
	}
	o.run.queries[queryType] = &queryHandler{
		call: c, convert: converterOf(ctx), description: options.Description,
	}
	return nil
}

// query answers one query. Everything that can go wrong is an error of the
// answer, never of the workflow.
func (r *run) query(q *runner.Query) (*commonpb.Payloads, error) {
	switch q.Type {
	case stackTraceQuery:
		return r.env.DataConverter.ToPayloads(r.env.Coroutines.Stacks())
	case sessionsQuery:
		return r.env.DataConverter.ToPayloads(r.openSessions())
	case metadataQuery:
		return r.metadataAnswer()
	}
	h, err := r.queryHandler(q.Type)
	if err != nil {
		return nil, err
	}
	var answer *commonpb.Payloads
	err = r.readOnly(func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("query handler panic: %s, stack trace: %s", queryPanic(p), debug.Stack())
			}
		}()
		ctx, err := r.received(r.root, q.Header)
		if err != nil {
			return err
		}
		args, err := h.call.decode(h.convert, q.Args)
		if err != nil {
			return fmt.Errorf("unable to decode the input for queryType: %s, with error: %w", q.Type, err)
		}
		result, err := r.inbound.HandleQuery(ctx, &QueryInput{QueryType: q.Type, Args: args})
		if err != nil {
			return err
		}
		answer, err = encodeAnswer(r.env, h.convert, result)
		return err
	})
	return answer, err
}

// queryHandler returns the handler of queries of a type.
func (r *run) queryHandler(queryType string) (*queryHandler, error) {
	h, ok := r.queries[queryType]
	if !ok {
		known := slices.Sorted(maps.Keys(r.queries))
		return nil, fmt.Errorf("unknown queryType %s. KnownQueryTypes=[%s]", queryType,
			strings.Join(append([]string{stackTraceQuery, sessionsQuery, metadataQuery}, known...), " "))
	}
	return h, nil
}

func queryPanic(p any) string {
	if isMisuse(p) {
		return "query handler must not use temporal context to do things like workflow.NewChannel(), " +
			"workflow.Go() or to call any workflow blocking functions like Channel.Get() or Future.Get()"
	}
	return fmt.Sprint(p)
}
