// Package migration holds a program that was written for the Go SDK, orders, and what of it a
// person has to change by hand once scripts/from-the-go-sdk has been over it, byhand.
//
// It has no code of its own. The tests of realserver build the program as it is and as it becomes,
// and let workers of both take turns. docs/migrating-from-the-go-sdk.md shows the change by hand.
package migration
