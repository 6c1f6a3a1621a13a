package realserver_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/integration/scenarios"
	"github.com/mainspring-go/mainspring/testkit/service"
)

// report is where the comparison is written to, one line for each scenario.
var report = flag.String("report", "", "write the comparison to this file, as Markdown")

// TestScenarios tells every scenario to the real server and to the service in
// memory. All that is seen, histories and errors, must be equal. It goes one by
// one: the workers of the SDK in one process share a cache.
func TestScenarios(t *testing.T) {
	var seen comparison
	for _, s := range scenarios.All() {
		t.Run(s.Name, func(t *testing.T) {
			began := time.Now()
			onReal := scenarios.Run(t, s, scenarios.Server{HostPort: server.Address()})
			between := time.Now()
			inMemory := onFake(t, s)
			after := time.Now()
			diff := cmp.Diff(onReal, inMemory)
			if diff != "" {
				t.Errorf("seen (-on the real server +in memory):\n%s", changed(diff))
			}
			seen.add(s.Name, events(onReal), between.Sub(began), after.Sub(between), diff == "")
		})
	}
	if *report != "" {
		if err := os.WriteFile(*report, []byte(seen.String()), 0o600); err != nil {
			t.Error(err)
		}
	}
}

// comparison is what the report tells.
type comparison struct {
	rows                     strings.Builder
	scenarios, events, equal int
	onReal, inMemory         time.Duration
}

func (c *comparison) add(name string, events int, onReal, inMemory time.Duration, equal bool) {
	c.scenarios++
	c.events += events
	c.onReal += onReal
	c.inMemory += inMemory
	answer := "no"
	if equal {
		c.equal++
		answer = "yes"
	}
	fmt.Fprintf(&c.rows, "| %s | %d | %d | %d | %s |\n", name, events,
		onReal.Milliseconds(), inMemory.Milliseconds(), answer)
}

// String is the report as Markdown.
func (c *comparison) String() string {
	return fmt.Sprintf(`# The scenarios, on the real server and in memory

What each of the stories of `+"`integration/scenarios`"+` leaves in histories, how long it takes on the
embedded server and on `+"`testkit/service`"+`, and whether all that can be seen is equal. Written by

    go test ./integration/realserver -run 'TestScenarios$' -count=1 -report=../../docs/scenarios.md

%d scenarios with %d events, %d equal: %v on the real server, %v in memory.

| scenario | events | real, ms | in memory, ms | equal |
|---|--:|--:|--:|---|
%s`, c.scenarios, c.events, c.equal,
		c.onReal.Round(time.Second/10), c.inMemory.Round(time.Second/10), &c.rows)
}

// events counts those of the histories that were seen.
func events(seen []string) int {
	n := 0
	for _, line := range seen {
		if strings.HasPrefix(line, `{"eventId"`) {
			n++
		}
	}
	return n
}

// onFake runs the scenario in virtual time.
func onFake(t *testing.T, s scenarios.Scenario) []string {
	t.Helper()
	var seen []string
	synctest.Test(t, func(t *testing.T) {
		fake, err := service.New(service.Options{
			Namespaces: scenarios.Namespaces(), SearchAttributes: scenarios.SearchAttributes(),
			Limits: scenarios.Limits(),
		})
		if err != nil {
			t.Fatal(err)
		}
		seen = scenarios.Run(t, s, scenarios.Server{
			HostPort:    "passthrough:///service",
			DialOptions: []grpc.DialOption{grpc.WithContextDialer(fake.Dial)},
		})
		if err := fake.Close(); err != nil {
			t.Error(err)
		}
		synctest.Wait()
	})
	return seen
}

// changed leaves out of a diff what is equal.
func changed(diff string) string {
	lines := strings.Split(diff, "\n")
	return strings.Join(slices.DeleteFunc(lines, func(l string) bool {
		return !strings.HasPrefix(l, "+") && !strings.HasPrefix(l, "-")
	}), "\n")
}
