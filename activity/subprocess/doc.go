// Package subprocess runs activities in processes of their own: an activity that crashes, that
// eats all memory or that does not stop when it is told to ends its process, and nothing else.
//
// The processes are this same program, executed again, so there is no second binary to build. A
// few lines at the top of main make a child of it:
//
//	var activities = []any{Resize}
//
//	func main() {
//		subprocess.Main(subprocess.Program{Activities: activities}) // does not return in a child
//		executor, err := subprocess.New(subprocess.Options{Size: 4, MaxTasks: 1000})
//		if err != nil {
//			log.Fatal(err)
//		}
//		defer executor.Close()
//		w, err := worker.New(client, "images", worker.Options{
//			Activities: activities, ActivityExecutor: executor,
//		})
//		...
//
// # What crosses
//
// Input, result, header and error of the call; activity.GetInfo; heartbeats with their details,
// those of the attempt before, and their status; the end of the context with its cause and
// deadline; the worker's stop; lines of activity.GetLogger and numbers of
// activity.GetMetricsHandler, which end in the worker's. RecordHeartbeat returns when the worker
// has dealt with the heartbeat, so what the server has answered is known by then, as in process.
//
// Errors keep their kinds: application errors with all that belongs to them, panics with their
// stacks, cancellation with details, activity.ErrResultPending. Of other errors, the message and
// the chain of causes cross as they would to the server, and errors.Is finds the errors of package
// activity, the context's and the cause of its end.
//
// Interceptors, context propagators and converters of the worker do not cross: [Program] has
// them, and they run in the child. [Executor.Check], which a worker asks at registration, refuses
// activities whose parameters or results hold channels, functions and the like.
//
// # What happens to children
//
// Each runs one call at a time, and is kept warm for the next. After Options.MaxTasks, or above
// Options.MaxRSS, another takes its place. An activity that goes on after its context is done, for
// Options.CancelGrace, is sent SIGTERM, and after Options.KillGrace SIGKILL. A child that dies,
// writes garbage or hangs fails its call with a [ProcessError], which can be retried and tells how
// it ended and what it wrote last. A call whose input or result is larger than 64 MiB fails for
// good. Children that cannot be started any more are the executor's health, which stops its
// worker.
//
// Children are told of the end of their parent: by the kernel on Linux, which kills them, and by
// the end of a pipe. Each is the leader of a process group, which an interrupt from the terminal
// does not reach; on Linux, what an activity has started in that group is killed with its child.
// Under systemd use KillMode=mixed, so that a stop is told to the worker only.
//
// # Limits
//
// On Linux everything works. On other Unix systems there is no MaxRSS, Limits.Memory and Cgroup, a
// child whose parent is killed ends when it reads from the pipe, and what activities have started
// is left alone. Elsewhere, as on Windows, [New] returns [ErrUnsupported].
//
// # What it will not do
//
// It is no sandbox: children have the rights of their parent, and the files that it has not opened
// with close-on-exec. Local activities run in the worker.
package subprocess
