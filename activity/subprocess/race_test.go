//go:build race

package subprocess_test

// racing says that the race detector is on, which needs memory of its own.
const racing = true
