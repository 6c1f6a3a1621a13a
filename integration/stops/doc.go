// Package stops has the workload of the tests that stop workers at random moments, and the account
// that shows whether a task was lost.
//
// A test runs [Flow] on a worker whose calls a [Ledger] sees, stops the worker at some moment, lets
// another one finish, and asks: did the first one answer every task that it was given, and is any
// task in the histories timed out? The service in memory is asked thousands of times on virtual
// time, here; the real server in integration/realserver.
package stops
