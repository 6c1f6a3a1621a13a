// Package wire is what crosses between a runner and the guest that runs its workflows: the data of
// package workflow/runner as bytes.
//
// A [Request] goes in, an [Answer] comes back:
//
//	b, err := wire.AppendRequest(nil, &wire.Request{Activation: a})
//	...
//	r, err := wire.ParseRequest(b)
//
// Both ends must be of the same [Version] and [Layout], which is for [Describe] to find out: fields
// have an order and no tags, so that little is read and nothing is left out unseen. Messages of the
// Temporal API cross as the structures that they are in Go, with what they hold of fields that nobody
// knows: protobuf's own way of reading and writing them is dear in a guest. Times are in UTC, and nil
// is told from empty.
//
// Whatever bytes come in, an error comes back and nothing panics: a guest is not to be trusted.
package wire
