// Package replays has what happens within a process only: workflows in our words and in the Go SDK's,
// the histories that they replay, and how each side replays them.
//
// A replay checks the result of the workflow. It decodes nothing: the history is ready before.
package replays
