// Package connect dials a Temporal server.
//
//	client, err := connect.Dial(connect.Options{
//		Address:   "my-namespace.a1b2c.tmprl.cloud:7233",
//		Namespace: "my-namespace.a1b2c",
//		TLS:       &tls.Config{},
//		APIKey:    func(context.Context) (string, error) { return os.Getenv("API_KEY"), nil },
//	})
//	...
//	defer client.Close()
//
// A [Client] is safe for concurrent use. Calls through it carry the headers that
// a Temporal server expects, return the errors of go.temporal.io/api/serviceerror,
// and are retried while that may help; long polls are not, since whoever polls
// does it again anyway. How long calls take is for their contexts to say; a [Limit]
// says so for many calls at the cost of one.
//
// It is no client for starting workflows: use its WorkflowService, or the
// official SDK's client, which the worker takes as well.
package connect
