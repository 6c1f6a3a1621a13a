// Package server fetches the histories that package replay replays from a
// Temporal server.
//
//	service := server.Of(c.WorkflowService())
//	err := r.ReplayWorkflowExecution(ctx, service, nil, "default", workflow.Execution{ID: "order-7"})
//
//	sources := server.Query(ctx, c.WorkflowService(), "default", `WorkflowType = "Order"`)
//	report, err := r.ReplayAll(ctx, sources, replay.AllOptions{})
//
// A connection is whatever has the methods of the Temporal API, such as what the
// official SDK's client and that of core/connect return from WorkflowService.
// The package retries nothing; connections do.
package server
