// Package bench measures the workflow runtime beside the Go SDK's in the same process: replay, the
// hand-over between coroutines, and what a run costs that waits in a worker's cache. Each benchmark
// checks its results, so that what is compared does the same work; sdk/ours is in the name of what is
// measured.
//
//	go test -run '^$' -bench . -benchtime 5x ./integration/bench
//
// It links no Temporal server, and it will not judge: ratios with their date and machine are in the
// README of the module workflow.
package bench
