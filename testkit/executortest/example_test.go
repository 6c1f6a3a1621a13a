package executortest_test

import (
	"fmt"

	"github.com/mainspring-go/mainspring/testkit/executortest"
)

// A test of an executor is one call of TestExecutor, as in the package's documentation. Clauses can
// also be read, and checked one by one.
func ExampleClauses() {
	for _, c := range executortest.Clauses(executortest.Abilities{Unlimited: true, InPlace: true})[:3] {
		fmt.Printf("%s: %s\n", c.Name, c.Contract)
	}
	// Output:
	// CapacityIsTold: Capacity is how many calls can run at once, 0 without a limit
	// ResultPasses: the encoded result comes back as the activity made it
	// ErrorPasses: the activity's error comes back as it is
}
