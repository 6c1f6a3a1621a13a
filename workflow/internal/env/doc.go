// Package env is the deterministic world of one workflow run: what the
// authoring API sees of its runner.
//
// It holds the clock, the id counter, the commands made so far, the things
// that wait for an event, the SDK flags and the coroutines. The authoring API
// in package workflow asks it for effects; the runner in package native feeds
// it what happened and takes the commands away. It knows neither futures nor
// history events.
//
// An Env is used by one goroutine at a time.
package env
