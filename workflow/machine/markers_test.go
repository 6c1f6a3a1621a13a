package machine_test

import (
	"errors"
	"testing"

	commandpb "go.temporal.io/api/command/v1"

	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

func marker(name string) *commandpb.Command { return histories.Marker(name, nil) }

// TestMarkersThatReplayMayLeaveOut: a version that was recorded is not recorded
// again, nor a value that did not change; code that calls for neither any more
// is fine too.
func TestMarkersThatReplayMayLeaveOut(t *testing.T) {
	version, mutable := marker("Version"), marker("MutableSideEffect")
	upsert := histories.UpsertSearchAttributes("TemporalChangeVersion", []string{"a-1"})
	other := histories.UpsertSearchAttributes("Other", 1)
	for name, tt := range map[string]struct{ was, is *runner.Completion }{
		"version":                      {does(version, timer("a")), does(timer("a"))},
		"version and its upsert":       {does(version, upsert, timer("a")), does(timer("a"))},
		"two of them":                  {does(version, upsert, version, upsert), does()},
		"one too large to be upserted": {does(version, version, upsert), does()},
		"the same again":               {does(version), does(version)},
		"version that is new":          {does(timer("a")), does(version, timer("a"))},
		"value":                        {does(mutable, timer("a"), mutable), does(timer("a"))},
		"value again":                  {does(timer("a"), mutable), does(mutable, timer("a"), mutable)},
		"an upsert of its own":         {does(version, other), does(other)},
	} {
		if err := replay(tt.was, tt.is); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, tt := range map[string]struct{ was, is *runner.Completion }{
		"upsert after a version":             {does(version, other), does()},
		"upsert that does not follow it":     {does(version, timer("a"), upsert), does(timer("a"))},
		"second upsert after one version":    {does(version, upsert, upsert), does()},
		"command after what is left out":     {does(version, upsert, timer("a")), does(timer("b"))},
		"more commands than there were":      {does(version, upsert), does(timer("a"))},
		"fewer, with markers in their stead": {does(timer("a")), does(version, mutable)},
	} {
		err := replay(tt.was, tt.is)
		if _, ok := errors.AsType[*machine.NondeterminismError](err); !ok {
			t.Errorf("%s: got %v, want a NondeterminismError", name, err)
		}
	}
}

// TestMarkersAreKnownBefore: what a task has recorded comes with its
// activation, not with the next one; wherever history is cut.
func TestMarkersAreKnownBefore(t *testing.T) {
	s := &story{History: histories.Start("wf")}
	s.task(does(marker("Version"), timer("a"), marker("SideEffect"), marker("LocalActivity")))
	s.answers[0].Commands = s.answers[0].Commands[:3]
	s.answers = append(s.answers, does(marker("LocalActivity"))) // in a step of its own
	s.FireTimer("a")
	s.task(does(marker("MutableSideEffect"), marker("Unheard-of")))
	s.Signal("s")
	s.Task()
	d, seen := s.driver()
	if _, err := d.Full(s.History); err != nil {
		t.Fatal(err)
	}
	check(t, seen.seen, "3 replay, marker Version at 5, marker SideEffect at 7, start, run",
		"0 replay, local activity at 8, run",
		"11 replay, marker MutableSideEffect at 13, marker Unheard-of at 14, timer a done, run",
		"17, signal s, run")
	if got := seen.seen[0].Markers[0].Attributes; got != s.Events[4].GetMarkerRecordedEventAttributes() {
		t.Errorf("got %v, want what history has", got)
	}
}

// TestStickyRunsKnowTheirMarkers: a run that is kept made them itself, so that
// they are not told again.
func TestStickyRunsKnowTheirMarkers(t *testing.T) {
	s := &story{History: histories.Start("wf")}
	d, seen := s.driver()
	seen.answers = []*runner.Completion{does(marker("Version"), timer("a"))}
	s.Task()
	a, err := d.Sticky(s.History)
	if err != nil {
		t.Fatal(err)
	}
	s.Complete(a)
	s.FireTimer("a")
	s.Task()
	if _, err := d.Sticky(s.History); err != nil {
		t.Fatal(err)
	}
	check(t, seen.seen, "3, start, run", "9, timer a done, run")
}

func TestUpsertsAndResetsAreTold(t *testing.T) {
	s := &story{History: histories.Start("wf")}
	s.task(does(histories.UpsertSearchAttributes("a", 1), histories.UpsertMemo("b", 2)))
	s.Task()
	s.TimeOutTask()
	s.Task()
	s.Reset("copy")
	s.Signal("s")
	s.Task()
	s.FailTask() // of another cause
	s.Task()
	d, seen := s.driver()
	if _, err := d.Full(s.History); err != nil {
		t.Fatal(err)
	}
	check(t, seen.seen, "3 replay, start, run",
		"18, search attributes [a], memo [b], reset to copy, signal s, run")
	items := seen.seen[1].Items
	if !items[0].Replaying || !items[1].Replaying || items[2].Replaying {
		t.Errorf("got replay flags %v %v %v, want those of commands to be set",
			items[0].Replaying, items[1].Replaying, items[2].Replaying)
	}
}
