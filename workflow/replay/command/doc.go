// Package command is the program that replays histories, but for the workflows:
// those only its user has.
//
//	func main() {
//		os.Exit(command.Run(context.Background(), os.Args[1:], os.Stdout, os.Stderr, command.Options{
//			Workflows: []any{Order, Refund},
//		}))
//	}
//
// It reads histories from files, from directories and, with [Options.Dial], from
// a server, replays them at once, and says what differs. Its exit code is
//
//	0  all histories replayed the same
//	1  some differ, whatever else happened
//	2  none differs, but some could not be had or read, their workflow type is
//	   not registered, the arguments are wrong, or the program was interrupted
//
// Package replay of module core has a shorter main that dials. This one knows no
// network.
package command
