// Package interceptor lets code stand before and behind workflows and activities: for tracing,
// metrics, authorization, tenancy and the like, without a change to any of them.
//
// A [WorkerInterceptor] is asked for every workflow run and every activity attempt what is to
// stand in its way. Inbound interceptors see what arrives (a start, a signal, a query, an update,
// an activity task); outbound ones see what code asks for (a timer, an activity, the time). The
// names and method sets are those of the official Go SDK's package of this name. Worker options
// take interceptors; the first one is outermost.
//
//	type timing struct{ interceptor.WorkerInterceptorBase }
//
//	func (t *timing) InterceptActivity(
//		ctx context.Context, next interceptor.ActivityInboundInterceptor,
//	) interceptor.ActivityInboundInterceptor {
//		return &timed{interceptor.ActivityInboundInterceptorBase{Next: next}}
//	}
//
//	type timed struct{ interceptor.ActivityInboundInterceptorBase }
//
//	func (t *timed) ExecuteActivity(
//		ctx context.Context, in *interceptor.ExecuteActivityInput,
//	) (any, error) {
//		begin := time.Now()
//		defer func() { activity.GetLogger(ctx).Info("ran", "took", time.Since(begin)) }()
//		return t.Next.ExecuteActivity(ctx, in)
//	}
//
// # Promises
//
// What intercepts a workflow runs within it, is run again in replay, and must be as deterministic
// as workflow code; workflow.IsReplaying tells. It is made anew for every run, and again when a
// run is rebuilt. What intercepts activities is made for every attempt and may be called from
// several goroutines at once.
//
// [Header] and [WorkflowHeader] are where interceptors pass things on that no argument mentions.
//
// # What it will not do
//
// There are no client interceptors, since there is no client here, and none for Nexus.
// ActivityOutboundInterceptor has no GetClient.
package interceptor
