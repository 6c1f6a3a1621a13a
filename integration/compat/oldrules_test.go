package compat_test

import (
	"slices"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/integration/compat"
)

// asBefore122 makes a history what the SDK wrote before its release 1.22: it did
// not count the calls of mutable side effects, and knew no limit for versions.
func asBefore122(h *historypb.History) (changes int) {
	for _, e := range h.GetEvents() {
		if d := e.GetMarkerRecordedEventAttributes().GetDetails(); d != nil {
			changes += len(d)
			delete(d, "mutable-side-effect-call-counter")
			changes -= len(d)
		}
		m := e.GetWorkflowTaskCompletedEventAttributes().GetSdkMetadata()
		before := len(m.GetLangUsedFlags())
		if m != nil {
			m.LangUsedFlags = slices.DeleteFunc(m.LangUsedFlags, func(f uint32) bool { return f == 1 || f == 7 })
			changes += before - len(m.LangUsedFlags)
		}
	}
	return changes
}

// asIn122 makes it what a few releases wrote that said of every version that it
// can be searched for.
func asIn122(h *historypb.History) (changes int) {
	for _, e := range h.GetEvents() {
		a := e.GetMarkerRecordedEventAttributes()
		if _, said := a.GetDetails()["version-search-attribute-updated"]; said || a.GetMarkerName() != "Version" {
			continue
		}
		a.Details["version-search-attribute-updated"] = &commonpb.Payloads{Payloads: []*commonpb.Payload{{
			Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte("true"),
		}}}
		changes++
	}
	return changes
}

// TestOldRules: both libraries replay what old releases of the SDK wrote.
func TestOldRules(t *testing.T) {
	ours, err := compat.NewReplayer()
	if err != nil {
		t.Fatal(err)
	}
	for name, as := range map[string]func(*historypb.History) int{"before 1.22": asBefore122, "in 1.22": asIn122} {
		changed := 0
		stored(t, func(t *testing.T, _ string, _ compat.Case, s compat.Story) {
			for n, h := range s.Histories {
				changes := as(h)
				changed += changes
				if changes == 0 {
					continue
				}
				if err := compat.ReplayOnSDK(h); err != nil {
					t.Errorf("%s, history %d, the SDK: %v", name, n+1, err)
				}
				if err := ours.Replay(h); err != nil {
					t.Errorf("%s, history %d, ours: %v", name, n+1, err)
				}
			}
		})
		if changed < 5 {
			t.Errorf("%s: %d changes: that is too few to tell", name, changed)
		}
	}
}
