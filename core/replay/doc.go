// Package replay is the main function of a program that replays histories, from
// files and from a server, on the workflows of whoever writes that program:
//
//	func main() { os.Exit(replay.Main(Order, Refund)) }
//
// Arguments and exit codes are those of package workflow/replay/command, which
// does the work; run it with -h. This package dials.
package replay
