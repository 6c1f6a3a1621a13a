package task_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/task"
)

// A dealer has room for some activities, and keeps account of it.
type dealer struct {
	room      int                    // -1 for any number
	refuse    func(name string) bool // some types
	asked     []string
	out       int
	ran, late []string // activities by id, and those without a reservation
	twice     int
}

func (d *dealer) Reserve(name string) (task.Reservation[*task.ActivityTask], bool) {
	d.asked = append(d.asked, name)
	if name == "panic" {
		panic("broken")
	}
	if d.room == d.out || d.refuse != nil && d.refuse(name) {
		return nil, false
	}
	d.out++
	return &seat{dealer: d}, true
}

func (d *dealer) Unreserved(t *task.ActivityTask) { d.late = append(d.late, t.GetActivityId()) }

// A seat is what a dealer gives. A task that runs keeps it.
type seat struct {
	dealer  *dealer
	settled bool
}

func (s *seat) settle() {
	if s.settled {
		s.dealer.twice++
	}
	s.settled = true
}

func (s *seat) Run(t *task.ActivityTask) {
	s.settle()
	s.dealer.ran = append(s.dealer.ran, t.GetActivityId())
}

func (s *seat) Release() {
	s.settle()
	s.dealer.out--
}

// settled checks that what is out is what runs, and that nothing was settled twice.
func (d *dealer) settled(t *testing.T) {
	t.Helper()
	if d.out != len(d.ran) || d.twice > 0 {
		t.Errorf("%d reservations are out for %q, %d were settled twice", d.out, d.ran, d.twice)
	}
}

// begins schedules activities: a name with "!" must not be eager, one with "@" is
// for the queue after it, one with "~" is canceled at once.
func begins(names ...string) func(workflow.Context) (string, error) {
	return func(ctx workflow.Context) (string, error) {
		for i, name := range names {
			o := workflow.ActivityOptions{StartToCloseTimeout: time.Minute, ActivityID: fmt.Sprint(i)}
			name, o.TaskQueue, _ = strings.Cut(name, "@")
			bare := strings.TrimRight(name, "!~")
			o.DisableEagerExecution = strings.Contains(name, "!")
			ctx, cancel := workflow.WithCancel(workflow.WithActivityOptions(ctx, o))
			workflow.ExecuteActivity(ctx, bare)
			if strings.Contains(name, "~") {
				cancel()
			}
		}
		workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
		return "", nil
	}
}

// eager are the ids of the activities that an answer asks for.
func eager(r *completed) []string {
	ids := []string{}
	for _, c := range r.GetCommands() {
		if attr := c.GetScheduleActivityTaskCommandAttributes(); attr.GetRequestEagerExecution() {
			ids = append(ids, attr.GetActivityId())
		}
	}
	return ids
}

// gives is an answer that brings activities.
func gives(ids ...string) *response {
	resp := &response{}
	for _, id := range ids {
		resp.ActivityTasks = append(resp.ActivityTasks, &task.ActivityTask{
			ActivityId: id, ActivityType: &commonpb.ActivityType{Name: "of " + id},
		})
	}
	return resp
}

func dealing(d *dealer, edits ...func(*task.Options)) func(*task.Options) {
	return func(o *task.Options) {
		o.Eager = d
		for _, edit := range edits {
			edit(o)
		}
	}
}

func TestWhichActivitiesAreAskedFor(t *testing.T) {
	for _, tt := range []struct {
		name   string
		dealer dealer
		most   int
		begins []string
		want   []string
		asked  int // of the dealer
	}{
		{name: "those of the worker's queue", begins: []string{"a", "b@other", "c", "d@tasks"}, want: []string{"0", "2", "3"}, asked: 3},
		{name: "three at most", begins: []string{"a", "b", "c", "d", "e"}, want: []string{"0", "1", "2"}, asked: 3},
		{name: "or as many as are said", most: 4, begins: []string{"a", "b", "c", "d", "e"}, want: []string{"0", "1", "2", "3"}, asked: 4},
		{name: "not what the code does not want", begins: []string{"a!", "b"}, want: []string{"1"}, asked: 1},
		{name: "not what it cancels", begins: []string{"a~", "b", "c~", "d"}, want: []string{"1", "3"}, asked: 2},
		{name: "what there is room for", dealer: dealer{room: 1}, begins: []string{"a", "b", "c"}, want: []string{"0"}, asked: 3},
		{
			name: "a refusal is about one", dealer: dealer{room: -1, refuse: func(n string) bool { return n < "c" }},
			begins: []string{"a", "b", "c", "d"}, want: []string{"2", "3"}, asked: 4,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := &tt.dealer
			if d.room == 0 {
				d.room = -1
			}
			b := newBench(t, begins(tt.begins...), dealing(d, func(o *task.Options) { o.MaxEagerActivities = tt.most }))
			b.Task()
			if err := b.handler.Handle(t.Context(), b.full()); err != nil {
				t.Fatal(err)
			}
			if got := eager(b.completed[0]); !slices.Equal(got, tt.want) {
				t.Errorf("asked for %q, want %q", got, tt.want)
			}
			if len(d.asked) != tt.asked {
				t.Errorf("wanted to reserve for %q, want %d", d.asked, tt.asked)
			}
			d.settled(t)
		})
	}
}

func TestNoActivityIsAskedForIfNobodyRunsIt(t *testing.T) {
	var said bytes.Buffer
	b := newBench(t, begins("a", "b"), func(o *task.Options) { o.Logger = slog.New(slog.NewTextHandler(&said, nil)) })
	b.complete = answer(gives("0"))
	b.Task()
	if err := b.handler.Handle(t.Context(), b.full()); err != nil {
		t.Fatal(err)
	}
	if got := eager(b.completed[0]); len(got) > 0 {
		t.Errorf("asked for %q", got)
	}
	if !strings.Contains(said.String(), "Activity will time out") || !strings.Contains(said.String(), "of 0") {
		t.Errorf("of an activity that came all the same it says %q", said.String())
	}
}

func TestAClosedWorkflowAsksForNoActivity(t *testing.T) {
	d := &dealer{room: -1}
	b := newBench(t, func(ctx workflow.Context) (string, error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		workflow.ExecuteActivity(ctx, "a")
		return "done", nil
	}, dealing(d))
	b.Task()
	if err := b.handler.Handle(t.Context(), b.full()); err != nil {
		t.Fatal(err)
	}
	if got := eager(b.completed[0]); len(got) > 0 || len(d.asked) > 0 {
		t.Errorf("asked for %q, reserved for %q", got, d.asked)
	}
}

func TestActivitiesAreMatchedByNumber(t *testing.T) {
	for _, tt := range []struct {
		name      string
		gives     []string
		ran, late []string
	}{
		{name: "none"},
		{name: "fewer", gives: []string{"7"}, ran: []string{"7"}},
		{name: "as many, of any ids", gives: []string{"1", "0"}, ran: []string{"1", "0"}},
		{name: "more", gives: []string{"0", "1", "2", "3"}, ran: []string{"0", "1"}, late: []string{"2", "3"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := &dealer{room: -1}
			b := newBench(t, begins("a", "b"), dealing(d))
			b.complete = answer(gives(tt.gives...))
			b.Task()
			if err := b.handler.Handle(t.Context(), b.full()); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(d.ran, tt.ran) || !slices.Equal(d.late, tt.late) {
				t.Errorf("ran %q and %q unreserved, want %q and %q", d.ran, d.late, tt.ran, tt.late)
			}
			d.settled(t)
		})
	}
}

func TestNothingStaysReservedForAnAnswerThatWasNotTaken(t *testing.T) {
	d := &dealer{room: -1}
	b := newBench(t, begins("a", "b"), dealing(d))
	b.complete = func(*completed) (*response, error) { return gives("0"), errors.New("no") }
	b.Task()
	if err := b.handler.Handle(t.Context(), b.full()); err == nil {
		t.Error("no error")
	}
	if len(d.asked) != 2 || len(d.ran) > 0 {
		t.Errorf("reserved for %q, ran %q", d.asked, d.ran)
	}
	d.settled(t)
}

func TestNothingStaysReservedIfADealerPanics(t *testing.T) {
	d := &dealer{room: -1}
	b := newBench(t, begins("a", "panic"), dealing(d))
	b.Task()
	func() {
		defer func() { _ = recover() }()
		_ = b.handler.Handle(t.Context(), b.full())
		t.Error("it did not panic")
	}()
	d.settled(t)
}

// Whatever the server gives and the dealer has, nothing leaks and no task is lost.
func TestEagerAccounts(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		d := &dealer{room: rnd.IntN(8) - 1}
		var names []string
		for range rnd.IntN(8) {
			names = append(names, string(rune('a'+rnd.IntN(6)))+[]string{"", "", "", "!", "~", "@other"}[rnd.IntN(6)])
		}
		refused := string(rune('a' + rnd.IntN(6)))
		d.refuse = func(name string) bool { return name == refused }
		most := rnd.IntN(5)
		b := newBench(t, begins(names...), dealing(d, func(o *task.Options) { o.MaxEagerActivities = most }))
		var given []string
		for i := range rnd.IntN(8) {
			given = append(given, fmt.Sprint(i))
		}
		fails := rnd.IntN(4) == 0
		b.complete = func(r *completed) (*response, error) {
			if n := len(eager(r)); n != d.out || n > cmp.Or(most, task.DefaultMaxEagerActivities) {
				t.Errorf("seed %d: %d are asked for and %d reserved, of %d", seed, n, d.out, most)
			}
			if fails {
				return nil, errors.New("no")
			}
			return gives(given...), nil
		}
		b.Task()
		err := b.handler.Handle(t.Context(), b.full())
		reserved := len(eager(b.completed[0]))
		if fails {
			given = nil
		}
		if (err != nil) != fails {
			t.Errorf("seed %d: %v", seed, err)
		}
		n := min(reserved, len(given))
		if !slices.Equal(d.ran, given[:n]) || !slices.Equal(d.late, given[n:]) {
			t.Errorf("seed %d: of %q ran %q and %q, with %d reserved", seed, given, d.ran, d.late, reserved)
		}
		d.settled(t)
	}
}
