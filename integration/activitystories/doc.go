// Package activitystories is a table of what happens to attempts of activities: they are
// cancelled, paused, cut off from the server, given up by a worker that stops. Each row checks
// what the activity learns, as the cause of its context, what its worker reports, and what the
// server makes of it.
//
// The rows run with the worker of this repository on the real server, from integration/realserver,
// and on testkit/service in virtual time, from this package's own tests.
package activitystories
