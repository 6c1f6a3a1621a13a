// Package scenarios is a table of what workflows, workers and clients do to a
// Temporal server, a few lines each. The same table runs on the real server and
// on testkit/service, with the Go SDK's worker and client, and what can be seen
// of it must be equal: every event of every history, with its ids and attributes,
// and the errors that clients get.
//
// What cannot be equal is made so before: times, sizes of histories, random ids
// (which keep their order of appearance) and what the server counts for itself.
//
// The comparison is in integration/realserver, which has the server; the tests of
// this package run the table on testkit/service alone, in virtual time.
package scenarios
