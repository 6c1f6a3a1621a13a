package runnertest_test

import (
	"testing"
	"testing/synctest"

	"github.com/mainspring-go/mainspring/testkit/runnertest"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
	"github.com/mainspring-go/mainspring/workflow/verify"
)

var functions = runnertest.Abilities{GoFunctions: true}

// TestNativeKeepsTheContract is the suite's purpose: our own runner.
func TestNativeKeepsTheContract(t *testing.T) {
	runnertest.TestRunner(t, func(*testing.T) runner.Runner { return native.New(native.Options{}) }, functions)
}

func TestVerifyingKeepsTheContract(t *testing.T) {
	runnertest.TestRunner(t, func(t *testing.T) runner.Runner {
		r, err := verify.New(native.New(native.Options{}), verify.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}, functions)
}

// check runs a clause on a runner with a flaw, which has its workflows itself.
func check(t *testing.T, c runnertest.Clause, f flaw) (err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		err = c.Check(t.Context(), func() runner.Runner { return newBroken(f, runnertest.Workflows()) })
	})
	return err
}

func TestPlainRunnerPasses(t *testing.T) {
	for _, c := range runnertest.Clauses(runnertest.Abilities{}) {
		if err := check(t, c, flaw{}); err != nil {
			t.Errorf("%s rejects a runner without a flaw: %v", c.Name, err)
		}
	}
}

func TestSuiteRejectsBroken(t *testing.T) {
	for _, f := range flaws {
		t.Run(f.name, func(t *testing.T) {
			for _, c := range runnertest.Clauses(runnertest.Abilities{}) {
				if c.Name != f.clause {
					continue
				}
				err := check(t, c, f)
				if err == nil {
					t.Fatalf("a runner that %s passed %s", f.name, f.clause)
				}
				t.Log(err)
				return
			}
			t.Fatalf("there is no clause %s", f.clause)
		})
	}
}

// A clause that no broken runner offends proves nothing.
func TestEveryClauseRejectsSomething(t *testing.T) {
	rejecting := make(map[string]bool)
	for _, f := range flaws {
		rejecting[f.clause] = true
	}
	for _, c := range runnertest.Clauses(runnertest.Abilities{}) {
		if !rejecting[c.Name] {
			t.Errorf("no broken runner is rejected by %s", c.Name)
		}
	}
}
