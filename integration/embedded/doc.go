// Package embedded runs a real Temporal server inside the calling process.
//
// It promises a server of go.temporal.io/server with all four services, on
// loopback and on ports of its own, over SQLite in memory: it reads no file,
// writes none, and two servers in one process do not see each other. When
// [Start] returns, every namespace asked for exists and takes work; there is no
// time in which a call may fail with "namespace not found". A start takes about
// half a second. The server is quiet unless a logger is given.
//
//	srv, err := embedded.Start(ctx, embedded.Options{Namespaces: []string{"orders"}})
//	if err != nil {
//		return err
//	}
//	defer srv.Stop()
//	c, err := client.Dial(client.Options{HostPort: srv.Address(), Namespace: "orders"})
//
// It will not keep anything after Stop, take connections from other machines,
// or speak TLS. What the server itself leaves behind in the process stays: each
// start costs about a hundred parked goroutines and an unused database of some
// hundred kilobytes, so start one server for a test binary, not one for each
// test. The package imports no other module of this repository: a change there
// does not compile the server again.
package embedded
