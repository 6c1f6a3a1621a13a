package house_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// prefix is what all module paths of this repository begin with.
const prefix = "github.com/mainspring-go/mainspring/"

// policyText is policy, not a record of what is: do not change it to make a build
// pass. A line says
//
//	module: siblings | outside | outside, in its tests only
//
// A module may import the modules of this repository that it names as siblings,
// in tests too, and they must stand above it: the order is the order of
// release, and no cycle can be written. Of the world outside the standard
// library it may import what lies under the paths it names.
const policyText = `
# ground: useful to someone who has never heard of Temporal
ratelimit:  | golang.org/x/time |
slots:      | |
slots/gopsutil: slots | github.com/shirou/gopsutil/v4 |
sticky:     | |
poller:     | github.com/sourcegraph/conc |
shutdown:   | github.com/sourcegraph/conc |

# the words and pipelines of Temporal
temporal:   | go.temporal.io/api google.golang.org/protobuf | github.com/google/go-cmp
activity:   temporal | go.temporal.io/api google.golang.org/protobuf | github.com/google/go-cmp
workflow:   temporal | go.temporal.io/api google.golang.org/protobuf | github.com/google/go-cmp

interceptor: temporal activity workflow | go.temporal.io/api |
sandbox:    temporal activity workflow | github.com/tetratelabs/wazero golang.org/x/sys go.temporal.io/api google.golang.org/protobuf | github.com/google/go-cmp

# what composes them, and what dials
core/connect: | go.temporal.io/api google.golang.org/protobuf google.golang.org/grpc |
core:       ratelimit slots sticky poller shutdown temporal activity workflow interceptor core/connect | go.temporal.io/api google.golang.org/protobuf google.golang.org/grpc | github.com/google/go-cmp
testkit:    ratelimit slots sticky poller shutdown temporal activity workflow interceptor core/connect core | go.temporal.io/api google.golang.org/protobuf google.golang.org/grpc github.com/google/go-cmp github.com/robfig/cron/v3 |

# a program without Temporal, and proof that one needs nothing of it
integration/examples/directory: ratelimit slots poller shutdown | |

# the real thing: may import everything, and nothing imports it
integration: ratelimit slots sticky poller shutdown temporal activity workflow interceptor sandbox core/connect core testkit | * | *
`

// rule is one line of the policy.
type rule struct {
	siblings, outside, outsideTests []string
}

// policy is the parsed policy: rules by module, and their order.
type policy struct {
	rules map[string]rule
	order []string
}

func parsePolicy(text string) (policy, error) {
	p := policy{rules: map[string]rule{}}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, rest, _ := strings.Cut(line, ":")
		fields := strings.Split(rest, "|")
		if len(fields) != 3 {
			return policy{}, fmt.Errorf("policy line %q: want module: siblings | outside | tests", line)
		}
		r := rule{strings.Fields(fields[0]), strings.Fields(fields[1]), strings.Fields(fields[2])}
		for _, s := range r.siblings {
			if _, ok := p.rules[s]; !ok {
				return policy{}, fmt.Errorf("policy of %s: %s must stand above it", name, s)
			}
		}
		p.rules[name] = r
		p.order = append(p.order, name)
	}
	return p, nil
}

func mustPolicy(t *testing.T) policy {
	t.Helper()
	p, err := parsePolicy(policyText)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// moduleOf is the name of the module of this repository that holds the package,
// and whether there is one. The longest name wins, so that nested modules count
// by themselves.
func (p policy) moduleOf(importPath string) (string, bool) {
	rest, ours := strings.CutPrefix(importPath, prefix)
	if !ours {
		return "", false
	}
	best, found := "", false
	for name := range p.rules {
		if (rest == name || strings.HasPrefix(rest, name+"/")) && len(name) > len(best) {
			best, found = name, true
		}
	}
	return best, found
}

// checkImports says which imports the policy does not allow.
func (p policy) checkImports(packages []pkg) []string {
	var complaints []string
	for _, from := range packages {
		name, ok := p.moduleOf(from.ImportPath)
		if !ok {
			complaints = append(complaints, fmt.Sprintf(
				"%s belongs to no module of the policy: add a line for its module", from.ImportPath))
			continue
		}
		r := p.rules[name]
		for _, to := range from.Imports {
			complaints = append(complaints, p.checkImport(name, from.ImportPath, to, r, r.outside)...)
		}
		inTests := slices.Concat(r.outside, r.outsideTests)
		for _, to := range slices.Concat(from.TestImports, from.XTestImports) {
			complaints = append(complaints,
				p.checkImport(name, "a test of "+from.ImportPath, to, r, inTests)...)
		}
	}
	slices.Sort(complaints)
	return slices.Compact(complaints)
}

func (p policy) checkImport(name, from, to string, r rule, outside []string) []string {
	if strings.HasPrefix(to, prefix) {
		sibling, ok := p.moduleOf(to)
		switch {
		case !ok:
			return []string{fmt.Sprintf("%s imports %s, which is in no module of the policy", from, to)}
		case sibling == name:
			return nil
		case !slices.Contains(r.siblings, sibling):
			return []string{fmt.Sprintf("%s imports %s: %s may not depend on %s", from, to, name, sibling)}
		case strings.Contains(to+"/", "/internal/"):
			return []string{fmt.Sprintf("%s imports %s: internal does not cross modules", from, to)}
		}
		return nil
	}
	if isStandard(to) || slices.Contains(outside, "*") {
		return nil
	}
	for _, allowed := range outside {
		if to == allowed || strings.HasPrefix(to, allowed+"/") {
			return nil
		}
	}
	return []string{fmt.Sprintf("%s imports %s: %s may import of the outside only %q",
		from, to, name, outside)}
}

// isStandard says whether the path is of the standard library: its first element
// has no dot.
func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

func TestModulesImportOnlyWhatThePolicyAllows(t *testing.T) {
	t.Parallel()
	report(t, mustPolicy(t).checkImports(listWorkspace(t)))
}

func TestPolicyNamesEveryModuleAndNoOther(t *testing.T) {
	t.Parallel()
	want := slices.Sorted(maps.Keys(mustPolicy(t).rules))
	var got []string
	for _, m := range modules(t) {
		got = append(got, m.name)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("go.work uses %q, the policy has %q: add or remove a line", got, want)
	}
}

func TestPolicyMustBeInOrder(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"a: b | |\nb: | |", "a: a | |", "a: b"} {
		if _, err := parsePolicy(text); err == nil {
			t.Errorf("policy %q was accepted", text)
		}
	}
}

func TestPlantedImportsAreCaught(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		pkg  pkg
		want string
	}{
		{
			"a sibling on the ground floor",
			pkg{ImportPath: prefix + "slots", Imports: []string{prefix + "ratelimit"}},
			"slots may not depend on ratelimit",
		},
		{
			"a sibling in a test",
			pkg{ImportPath: prefix + "slots", TestImports: []string{prefix + "testkit/slotstest"}},
			"slots may not depend on testkit",
		},
		{
			"a sibling in an external test",
			pkg{ImportPath: prefix + "activity", XTestImports: []string{prefix + "core/worker"}},
			"activity may not depend on core",
		},
		{
			"Temporal on the ground floor",
			pkg{ImportPath: prefix + "poller", Imports: []string{"go.temporal.io/api/common/v1"}},
			"poller may import of the outside only",
		},
		{
			"the SDK in core",
			pkg{ImportPath: prefix + "core/worker", Imports: []string{"go.temporal.io/sdk/client"}},
			"core may import of the outside only",
		},
		{
			"the server in testkit",
			pkg{ImportPath: prefix + "testkit", XTestImports: []string{"go.temporal.io/server/temporal"}},
			"testkit may import of the outside only",
		},
		{
			"go-cmp outside tests",
			pkg{ImportPath: prefix + "temporal", Imports: []string{"github.com/google/go-cmp/cmp"}},
			"temporal may import of the outside only",
		},
		{
			"gRPC below core",
			pkg{ImportPath: prefix + "workflow/task", Imports: []string{"google.golang.org/grpc/status"}},
			"workflow may import of the outside only",
		},
		{
			"integration from anywhere",
			pkg{ImportPath: prefix + "core", TestImports: []string{prefix + "integration/embedded"}},
			"core may not depend on integration",
		},
		{
			"internal across modules",
			pkg{ImportPath: prefix + "core", Imports: []string{prefix + "workflow/internal/ids"}},
			"internal does not cross modules",
		},
		{
			"an internal package at the end of the path",
			pkg{ImportPath: prefix + "core", Imports: []string{prefix + "workflow/internal"}},
			"internal does not cross modules",
		},
		{
			"a module without a policy",
			pkg{ImportPath: prefix + "novelty"},
			"belongs to no module of the policy",
		},
		{
			"a path that only begins like an allowed one",
			pkg{ImportPath: prefix + "ratelimit", Imports: []string{"golang.org/x/timeless"}},
			"ratelimit may import of the outside only",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantOne(t, mustPolicy(t).checkImports([]pkg{tt.pkg}), tt.want)
		})
	}
}

func TestAllowedImportsPass(t *testing.T) {
	t.Parallel()
	report(t, mustPolicy(t).checkImports([]pkg{
		{ImportPath: prefix + "slots", Imports: []string{"context"}, TestImports: []string{"testing"}},
		{ImportPath: prefix + "workflow", Imports: []string{
			prefix + "workflow/internal/ids", prefix + "temporal/converter",
		}},
		{ImportPath: prefix + "temporal", XTestImports: []string{"github.com/google/go-cmp/cmp"}},
		{ImportPath: prefix + "integration/house", XTestImports: []string{"example.com/anything"}},
	}))
}
