package sandboxed_test

import (
	"testing"

	"github.com/mainspring-go/mainspring/testkit/runnertest"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

func TestSandboxKeepsTheContract(t *testing.T) {
	m := compiled(t, "suite")
	runnertest.TestRunner(t, func(t *testing.T) runner.Runner { return on(t, m) }, runnertest.Abilities{})
}
