package pollertest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/poller"
	"github.com/mainspring-go/mainspring/testkit/pollertest"
)

func shelfUnderTest(f flaw) pollertest.SourceUnderTest[int] {
	s := newShelf(f)
	return pollertest.SourceUnderTest[int]{
		Source: s, Put: s.Put, ID: func(id int) int { return id }, LongPoll: longPoll,
	}
}

func TestSoundSource(t *testing.T) {
	pollertest.TestSource(t, func(*testing.T) pollertest.SourceUnderTest[int] {
		return shelfUnderTest(sound)
	})
}

// A source without a long poll of its own, and one that offers lost deliveries again.
func TestSoundSourceForEver(t *testing.T) {
	pollertest.TestSource(t, func(*testing.T) pollertest.SourceUnderTest[int] {
		tasks := make(chan int, 1000)
		return pollertest.SourceUnderTest[int]{
			Source: poller.SourceFunc[int](func(ctx context.Context) (int, poller.Feedback, error) {
				select {
				case id := <-tasks:
					if ctx.Err() != nil { // an answer that does not arrive
						time.AfterFunc(10*time.Second, func() { tasks <- id })
						return 0, poller.Feedback{}, ctx.Err()
					}
					return id, poller.Feedback{}, nil
				case <-ctx.Done():
					return 0, poller.Feedback{}, ctx.Err()
				}
			}),
			Put:       func(id int) { tasks <- id },
			ID:        func(id int) int { return id },
			Redeliver: 10 * time.Second,
		}
	})
}

func TestSoundAdmission(t *testing.T) {
	pollertest.TestAdmission(t, func(_ *testing.T, limit int) poller.Admission[*ticket] {
		return newCounter(sound, limit)
	})
}

func TestSoundScalers(t *testing.T) {
	t.Run("dial", func(t *testing.T) {
		pollertest.TestScaler(t, func(*testing.T) pollertest.ScalerUnderTest {
			return pollertest.ScalerUnderTest{
				Scaler: &dial{}, Min: 2, Max: 20, Idle: 2, Busy: 20,
			}
		})
	})
	t.Run("Fixed", func(t *testing.T) {
		pollertest.TestScaler(t, func(*testing.T) pollertest.ScalerUnderTest {
			return pollertest.ScalerUnderTest{
				Scaler: poller.Fixed(4), Min: 4, Max: 4, Idle: 4, Busy: 4,
			}
		})
	})
	for _, decides := range []bool{false, true} {
		t.Run(fmt.Sprintf("Auto/%t", decides), func(t *testing.T) {
			pollertest.TestScaler(t, func(t *testing.T) pollertest.ScalerUnderTest {
				t.Helper()
				auto, err := poller.NewAuto(poller.AutoOptions{Min: 2, Max: 30, ServerDecides: decides})
				if err != nil {
					t.Fatal(err)
				}
				return pollertest.ScalerUnderTest{Scaler: auto, Min: 2, Max: 30, Idle: 2, Busy: 30}
			})
		})
	}
	t.Run("Local", func(t *testing.T) {
		pollertest.TestScaler(t, func(t *testing.T) pollertest.ScalerUnderTest {
			t.Helper()
			local, err := poller.NewLocal(poller.LocalOptions{Min: 2, Max: 30})
			if err != nil {
				t.Fatal(err)
			}
			return pollertest.ScalerUnderTest{Scaler: local, Min: 2, Max: 30, Idle: 2, Busy: 30}
		})
	})
	t.Run("Demand", func(t *testing.T) {
		pollertest.TestScaler(t, func(*testing.T) pollertest.ScalerUnderTest {
			return pollertest.ScalerUnderTest{
				Scaler: &poller.Demand{Min: 2, Max: 30}, Min: 2, Max: 30, Idle: 2, Busy: 30,
			}
		})
	})
}

// rejected returns the names of the clauses that an implementation breaks.
func rejected[Make any](t *testing.T, clauses []pollertest.Clause[Make], mk Make) []string {
	t.Helper()
	var names []string
	for _, c := range clauses {
		synctest.Test(t, func(t *testing.T) {
			defer time.Sleep(2 * time.Hour) // so that calls which were held up end in the bubble
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			defer func() {
				if recover() != nil {
					names = append(names, c.Name)
				}
			}()
			if err := c.Check(ctx, mk); err != nil {
				names = append(names, c.Name)
				if strings.Contains(err.Error(), "%!") {
					t.Errorf("%s: badly formatted: %v", c.Name, err)
				}
			}
		})
	}
	return names
}

// expect checks that a broken implementation breaks at least that clause.
func expect(t *testing.T, f flaw, clause string, got []string) {
	t.Helper()
	if !slices.Contains(got, clause) {
		t.Errorf("one that %s breaks %v, want %s among them", f, got, clause)
	}
}

func TestBrokenSourcesAreRejected(t *testing.T) {
	caught := make(map[string]bool)
	for _, c := range []struct {
		flaw   flaw
		clause string
	}{
		{taskAndError, "ReturnsTask"},
		{taskAndEmpty, "ReturnsTask"},
		{panics, "ReturnsTask"},
		{late, "WaitsForTask"},
		{hasty, "LongPollIsLong"},
		{unflagged, "EmptyIsFlagged"},
		{emptyIsError, "EmptyIsFlagged"},
		{deaf, "ObeysContext"},
		{zeroTaskOnCancel, "ObeysContext"},
		{losesOnDeadCtx, "EndedContext"},
		{losesOnCancel, "CancelLosesNoTask"},
		{ghost, "AbandonedPollTakesNothing"},
		{twice, "EachTaskOnce"},
		{forgets, "EachTaskOnce"},
		{sharesTask, "ConcurrentPollsGetDistinctTasks"},
		{wakesAll, "OneTaskEndsOnePoll"},
		{silentDecision, "FeedbackIsConsistent"},
		{negativeBacklog, "FeedbackIsConsistent"},
	} {
		t.Run(string(c.flaw), func(t *testing.T) {
			mk := func() pollertest.SourceUnderTest[int] { return shelfUnderTest(c.flaw) }
			expect(t, c.flaw, c.clause,
				rejected(t, pollertest.SourceClauses[int](), pollertest.MakeSource[int](mk)))
			caught[c.clause] = true
		})
	}
	for _, c := range pollertest.SourceClauses[int]() {
		if !caught[c.Name] {
			t.Errorf("no broken source is meant for clause %s", c.Name)
		}
	}
}

func TestBrokenAdmissionsAreRejected(t *testing.T) {
	caught := make(map[string]bool)
	for _, c := range []struct {
		flaw   flaw
		clause string
	}{
		{oneTooMany, "LimitIsHard"},
		{refusesAtLimit, "LimitIsHard"},
		{neverBack, "ReturnMakesRoom"},
		{countsTwice, "SecondReturnIsHarmless"},
		{deafAdmit, "AdmitObeysContext"},
		{nilOnCancel, "AdmitObeysContext"},
		{leaksOnGiveUp, "GivingUpTakesNothing"},
		{leaksOnRace, "CancelLosesNoTicket"},
	} {
		t.Run(string(c.flaw), func(t *testing.T) {
			mk := func(limit int) poller.Admission[*ticket] { return newCounter(c.flaw, limit) }
			expect(t, c.flaw, c.clause, rejected(t,
				pollertest.AdmissionClauses[*ticket](), pollertest.MakeAdmission[*ticket](mk)))
			caught[c.clause] = true
		})
	}
	for _, c := range pollertest.AdmissionClauses[*ticket]() {
		if !caught[c.Name] {
			t.Errorf("no broken admission is meant for clause %s", c.Name)
		}
	}
}

func TestBrokenScalersAreRejected(t *testing.T) {
	caught := make(map[string]bool)
	for _, c := range []struct {
		flaw   flaw
		clause string
	}{
		{startsAtZero, "StartsInBounds"},
		{fallsThrough, "StaysInBounds"},
		{noCeiling, "StaysInBounds"},
		{overflows, "SurvivesOddEvents"},
		{tickPanics, "SurvivesOddEvents"},
		{clockOverflow, "SurvivesOddEvents"},
		{ownClock, "TimeIsTheEvents"},
		{remembers, "StartBeginsAnew"},
		{neverSinks, "IdleShrinks"},
		{sinksOnce, "IdleShrinks"},
		{neverGrows, "BusyGrows"},
		{growsOnce, "BusyGrows"},
	} {
		t.Run(string(c.flaw), func(t *testing.T) {
			mk := func() pollertest.ScalerUnderTest {
				return pollertest.ScalerUnderTest{
					Scaler: &dial{flaw: c.flaw}, Min: 2, Max: 20, Idle: 2, Busy: 20,
				}
			}
			expect(t, c.flaw, c.clause, rejected(t, pollertest.ScalerClauses(), mk))
			caught[c.clause] = true
		})
	}
	for _, c := range pollertest.ScalerClauses() {
		if !caught[c.Name] {
			t.Errorf("no broken scaler is meant for clause %s", c.Name)
		}
	}
}
