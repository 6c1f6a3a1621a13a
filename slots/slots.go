package slots

import (
	"context"
	"fmt"
)

// A Request says what a permit is wanted for. Suppliers that treat all work alike ignore it.
type Request struct {
	// Kind is the kind of task, such as "workflow" or "activity".
	Kind string
	// Queue is the name of the queue that will be polled.
	Queue string
	// Sticky says that the queue is a worker's own queue for runs it has cached.
	Sticky bool
	// TaskType is the type of the task. It is known only when the work is already in sight, as
	// with eager activities; before a poll it is empty and [Permit.Use] tells it later.
	TaskType string
}

// A Task says what a permit is used for.
type Task struct {
	// Type is the type of the task, such as an activity's name.
	Type string
	// ID names this task for logs and observers. Suppliers do not interpret it.
	ID string
	// Group is whom the task is for, such as a tenant or a fairness key. It is for suppliers that
	// limit by it; empty when nobody says.
	Group string
}

// A Supplier hands out permits. All its methods are safe for concurrent use.
type Supplier interface {
	// Reserve waits for a permit and returns it, first come, first served. When ctx ends first
	// the error matches both ctx.Err() and context.Cause(ctx), and no permit was taken. A ctx that
	// has ended already gets the error even when a permit is free. The caller must release the
	// permit.
	Reserve(ctx context.Context, r Request) (Permit, error)
	// TryReserve returns a permit if one is free for the taking. It never blocks and never
	// overtakes a caller that waits in Reserve.
	TryReserve(r Request) (Permit, bool)
}

// A Reporter is a Supplier that can say how its permits stand.
type Reporter interface {
	// Stats returns one consistent snapshot. It does not block.
	Stats() Stats
}

// A Resizer is a Supplier whose limit can change while it is in use.
type Resizer interface {
	// Resize sets the number of permits that may be out at once. Permits that are out stay valid,
	// even when there are now more of them than n; a higher limit serves waiting callers at once.
	Resize(n int) error
}

// Stats is a consistent snapshot of a supplier: Issued = Used + Idle, exactly. Suppliers that weigh
// tasks count in units of their limit instead of permits.
type Stats struct {
	// Limit is the number of permits that may be out; 0 means that the supplier knows no number.
	Limit int
	// Issued is the number of permits that are out. Unless the supplier says otherwise it is above
	// Limit only after a Resize to fewer, until enough of them have been released.
	Issued int
	// Used is the number of permits that carry a task.
	Used int
	// Idle is the number of permits that carry no task yet, such as those of waiting polls.
	Idle int
	// Held is the number of permits in Use whose task may not run yet. They are not Used, and for
	// most suppliers always 0.
	Held int
	// Waiting is the number of callers blocked in Reserve.
	Waiting int
	// DoubleReleases counts calls of Release on permits that had been released already. More
	// than 0 is a mistake in the code that holds permits.
	DoubleReleases uint64
}

// Free returns how many permits could be issued now, or 0 when the limit is unknown.
func (s Stats) Free() int { return max(0, s.Limit-s.Issued) }

// Available returns how many more tasks could run: free permits and idle ones. This is the figure
// for a gauge beside Used, since waiting polls do not move it: their sum is the limit. It is 0 when
// the limit is unknown, and counts permits that are held, whose tasks will run as soon as they may.
func (s Stats) Available() int { return max(0, s.Limit-s.Used) }

// ended returns the error of a Reserve whose ctx ended. It matches ctx.Err() and the ctx's cause.
func ended(ctx context.Context, r Request) error {
	return because(ctx, fmt.Sprintf("slots: no permit for kind %q on queue %q", r.Kind, r.Queue))
}

// heldUp returns the error of a Use whose ctx ended during a hold.
func heldUp(ctx context.Context, r Request) error {
	return because(ctx, fmt.Sprintf(
		"slots: no room for the task that came for kind %q on queue %q", r.Kind, r.Queue))
}

func because(ctx context.Context, what string) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == nil || cause == err { //nolint:errorlint // the very same value adds nothing to the text
		return fmt.Errorf("%s: %w", what, err)
	}
	return fmt.Errorf("%s: %w: %w", what, err, cause)
}

// An OptionError says that an option has a value that cannot work.
type OptionError struct {
	// Field is the name of the option.
	Field string
	// Value is the value it had.
	Value any
	// Fix says which values work.
	Fix string
}

// Error implements error.
func (e *OptionError) Error() string {
	return fmt.Sprintf("slots: %s is %v: %s", e.Field, e.Value, e.Fix)
}
