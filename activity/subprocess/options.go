package subprocess

import (
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"reflect"
	"runtime"
	"time"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal/settings"
)

// Defaults of [Options].
const (
	// DefaultCancelGrace is how long an activity may go on after its context is done.
	DefaultCancelGrace = 10 * time.Second
	// DefaultKillGrace is how long a child has after SIGTERM.
	DefaultKillGrace = 5 * time.Second
	// DefaultPingTimeout is how long a child may be silent.
	DefaultPingTimeout = 30 * time.Second
	// DefaultStartTimeout is how long a child may take to start.
	DefaultStartTimeout = 30 * time.Second
)

// Options of an [Executor]. The zero value of every field is its default.
type Options struct {
	// Size is how many children there are, each running one call at a time; default: one for
	// each processor (GOMAXPROCS).
	Size int
	// MaxTasks is how many calls a child runs before a new one takes its place; default: no limit.
	MaxTasks int
	// MaxRSS is how many bytes of memory a child may hold (its resident set) after a call, else
	// a new one takes its place; default: no limit. Linux only.
	MaxRSS uint64
	// Limits bound what each child may use; default: nothing.
	Limits Limits
	// Cgroup is the directory of a cgroup (version 2) that this process may write to, in which
	// each child gets a group of its own, limited as CgroupLimits say; default: none. A cgroup
	// that cannot do that is an error of New. Linux only.
	Cgroup string
	// CgroupLimits are the files of each child's group and what is written to them, such as
	// "memory.max": "512M" or "cpu.max": "50000 100000".
	CgroupLimits map[string]string

	// CancelGrace is how long an activity may go on after its context is done, before its child
	// is sent SIGTERM; default 10 s, negative: for ever.
	CancelGrace time.Duration
	// KillGrace is how long a child then has before it is sent SIGKILL, and how long one has to
	// end that has been told to; default 5 s.
	KillGrace time.Duration
	// PingTimeout is how long a child that runs a call may be silent before it counts as hung
	// and is killed; default 30 s, negative: for ever. It is pinged three times in it, and what
	// answers is not the activity's code: only a process that is stopped, or as good as dead,
	// stays silent.
	PingTimeout time.Duration
	// StartTimeout is how long a child may take from its start until it is ready; default 30 s.
	StartTimeout time.Duration
	// MaxStartFailures is how many starts in a row may fail, of all places together, before the
	// executor is broken for good; default: three for each child, and ten at least.
	MaxStartFailures int

	// Command is the program that children run; default: this one, also when its file was
	// replaced in the meantime (on Linux).
	Command string
	// Args are its arguments; nil means those of this process.
	Args []string
	// Env is its environment; nil means this process's.
	Env []string
	// Dir is its working directory; default: this process's.
	Dir string
	// Stdout and Stderr take what children write there; default: this process's. The end of the
	// latter is also in the error of a call whose child has died.
	Stdout, Stderr io.Writer

	// SharedStateManager makes the worker's halves of what calls share with their worker, if that
	// was given none; default: a [SharedState] of the executor's own.
	SharedStateManager activity.SharedStateManager
	// Encodes reports whether the data converter encodes values of a type that holds channels,
	// functions and the like: activities that take or return it are not refused then. Default:
	// none.
	Encodes func(t reflect.Type) bool
	// Logger takes what happens to children; default: slog's default logger.
	Logger *slog.Logger
}

// of whom the errors of options are.
const of = "subprocess"

// complete checks the options and fills in defaults. What is wrong is told at once, each as a
// [*settings.Error].
func (o *Options) complete() error {
	c := settings.Check{Of: of}
	c.Count("Size", &o.Size, runtime.GOMAXPROCS(0), mostChildren)
	if o.MaxTasks < 0 {
		c.Add("MaxTasks", o.MaxTasks, "use zero for no limit or a positive number")
	}
	c.Count("MaxStartFailures", &o.MaxStartFailures, max(10, 3*o.Size), math.MaxInt32)
	orNever(&o.CancelGrace, DefaultCancelGrace)
	c.Duration("KillGrace", &o.KillGrace, DefaultKillGrace)
	orNever(&o.PingTimeout, DefaultPingTimeout)
	c.Duration("StartTimeout", &o.StartTimeout, DefaultStartTimeout)
	if o.MaxRSS > 0 && !measuresRSS {
		c.Add("MaxRSS", inBytes(o.MaxRSS), "leave it out, only Linux can measure it, or use MaxTasks")
	}
	o.Limits.check(&c)
	o.checkCgroup(&c)
	c.Part("Stdout", o.Stdout)
	c.Part("Stderr", o.Stderr)
	c.Part("SharedStateManager", o.SharedStateManager)
	o.parts()
	return c.Err()
}

// mostChildren is how many children an executor may have.
const mostChildren = 10_000

// orNever fills in the default of a duration that is negative for ever.
func orNever(d *time.Duration, fallback time.Duration) {
	if *d == 0 {
		*d = fallback
	}
}

func inBytes(n uint64) string { return fmt.Sprintf("%d bytes", n) }

func (o *Options) checkCgroup(c *settings.Check) {
	switch {
	case o.Cgroup == "" && len(o.CgroupLimits) > 0:
		c.Add("CgroupLimits", o.CgroupLimits, "leave it out, or name the directory of a cgroup in Cgroup")
	case o.Cgroup != "":
		checkCgroup(c, o.Cgroup, o.CgroupLimits)
	}
}

// parts fills in what is no number.
func (o *Options) parts() {
	if o.Command == "" {
		o.Command = ownProgram()
	}
	if o.Args == nil {
		o.Args = os.Args[1:]
	}
	if o.Env == nil {
		o.Env = os.Environ()
	}
	o.Stdout = passedOn(o.Stdout, os.Stdout)
	o.Stderr = passedOn(o.Stderr, os.Stderr)
	if o.SharedStateManager == nil {
		o.SharedStateManager = NewSharedState()
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
}

// passedOn is where output goes: a file takes it from several processes as it is.
func passedOn(w io.Writer, fallback *os.File) io.Writer {
	switch w := w.(type) {
	case nil:
		return fallback
	case *os.File:
		return w
	default:
		return &shared{w: w}
	}
}
