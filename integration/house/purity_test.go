package house_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// linkRule forbids packages to some packages, however far away in the graph.
type linkRule struct {
	why    string
	holds  func(pkg) bool
	banned []string // a path bans what lies under it, except that "testing" is exact
}

// guest says whether a sandboxed workflow is built from the package. Of temporal,
// what speaks HTTP is left outside.
func guest(importPath string) bool {
	return !matchesAny([]string{"temporal/converter/codecserver"}, importPath) && matchesAny(
		[]string{
			"temporal/...", "workflow", "workflow/typed", "workflow/native/...", "workflow/runner/...",
			"activity", "sandbox/engine/abi", "sandbox/guest", "sandbox/wire",
		}, importPath)
}

func linkRules() []linkRule {
	return []linkRule{
		{
			why:    "a sandboxed guest is built from it",
			holds:  func(p pkg) bool { return guest(p.ImportPath) },
			banned: []string{"google.golang.org/grpc", "net", "go.temporal.io/api/workflowservice"},
		},
		{
			why: "a unit test that replays a file must not compile gRPC",
			holds: func(p pkg) bool {
				return matchesAny([]string{"workflow/replay", "workflow/replay/command"}, p.ImportPath)
			},
			banned: []string{"google.golang.org/grpc", "net", "go.temporal.io/api/workflowservice"},
		},
		{
			why: "test code does not ship",
			holds: func(p pkg) bool {
				return !matchesAny([]string{"testkit/...", "integration/..."}, p.ImportPath)
			},
			banned: []string{"testing"},
		},
		{
			why: "only integration may link the SDK or the server",
			holds: func(p pkg) bool {
				return !matchesAny([]string{"integration/..."}, p.ImportPath)
			},
			banned: []string{"go.temporal.io/sdk", "go.temporal.io/server"},
		},
		{
			why: "compiling it must not compile a module of ours, nor a change there compile it again",
			holds: func(p pkg) bool {
				return matchesAny([]string{"integration/embedded/..."}, p.ImportPath)
			},
			banned: []string{
				prefix + "core", prefix + "temporal", prefix + "activity", prefix + "workflow",
				prefix + "testkit", prefix + "poller", prefix + "slots", prefix + "ratelimit",
				prefix + "sticky", prefix + "shutdown", prefix + "interceptor",
			},
		},
	}
}

// matchesAny understands the "..." of the go command.
func matchesAny(patterns []string, importPath string) bool {
	rest := strings.TrimPrefix(importPath, prefix)
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		base, tree := strings.CutSuffix(pattern, "/...")
		return rest == base || tree && strings.HasPrefix(rest, base+"/")
	})
}

// checkLinks says which packages link what a rule forbids them.
func checkLinks(packages []pkg, rules []linkRule) []string {
	var complaints []string
	for _, p := range packages {
		for _, r := range rules {
			if !r.holds(p) {
				continue
			}
			for _, banned := range r.banned {
				i := slices.IndexFunc(p.Deps, func(dep string) bool {
					return dep == banned || banned != "testing" && strings.HasPrefix(dep, banned+"/")
				})
				if i >= 0 {
					complaints = append(complaints, fmt.Sprintf("%s links %s: %s (find the way with: "+
						"go list -deps -f '{{.ImportPath}}: {{.Imports}}' %[1]s)", p.ImportPath, p.Deps[i], r.why))
				}
			}
		}
	}
	return complaints
}

func TestNoPackageLinksWhatItMustNot(t *testing.T) {
	t.Parallel()
	report(t, checkLinks(listWorkspace(t), linkRules()))
}

func TestPlantedLinksAreCaught(t *testing.T) {
	t.Parallel()
	tests := []struct{ from, dep, want string }{
		{"workflow", "google.golang.org/grpc/codes", "sandboxed guest"},
		{"workflow/native", "net", "sandboxed guest"},
		{"workflow/runner", "google.golang.org/grpc", "sandboxed guest"},
		{"temporal/converter", "go.temporal.io/api/workflowservice/v1", "sandboxed guest"},
		{"workflow/replay", "go.temporal.io/api/workflowservice/v1", "replays a file"},
		{"sticky", "testing", "does not ship"},
		{"core/worker", "go.temporal.io/sdk/log", "may link the SDK"},
		{"testkit/service", "go.temporal.io/server/common", "may link the SDK"},
		{"integration/embedded", prefix + "slots", "compile it again"},
	}
	for _, tt := range tests {
		t.Run(tt.from+" "+tt.dep, func(t *testing.T) {
			t.Parallel()
			planted := pkg{ImportPath: prefix + tt.from, Deps: []string{"context", tt.dep}}
			wantOne(t, checkLinks([]pkg{planted}, linkRules()), tt.want)
		})
	}
	harmless := []pkg{
		{ImportPath: prefix + "temporal/converter/codecserver", Deps: []string{"net", "net/http"}},
		{ImportPath: prefix + "workflow/task", Deps: []string{"net", "google.golang.org/grpc"}},
		{ImportPath: prefix + "testkit/slotstest", Deps: []string{"testing"}},
		{ImportPath: prefix + "sticky", Deps: []string{"testing/iotest-like", "network"}},
		{ImportPath: prefix + "integration/embedded", Deps: []string{"go.temporal.io/server/temporal"}},
	}
	report(t, checkLinks(harmless, linkRules()))
}

// wasip1 is the platform of sandboxed guests.
var wasip1 = []string{"GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0"}

func TestGuestPackagesCompileForWasip1(t *testing.T) {
	t.Parallel()
	var patterns []string
	for _, p := range listWorkspace(t) {
		if guest(p.ImportPath) && len(p.GoFiles) > 0 {
			patterns = append(patterns, p.ImportPath)
		}
	}
	if len(patterns) == 0 {
		t.Skip("no guest package exists yet")
	}
	packages, err := list(t, rootDir(t), wasip1, patterns...)
	if err != nil {
		t.Fatal(err)
	}
	report(t, checkLinks(packages, linkRules()))
	if _, err := run(command(t, rootDir(t), wasip1, append([]string{"build"}, patterns...)...)); err != nil {
		t.Error(err)
	}
}

func TestPlantedGuestThatCannotCompileIsCaught(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "go.mod"), "module example.com/guest\n\ngo 1.26.0\n")
	writeFile(t, filepath.Join(dir, "guest.go"),
		"// Package guest asks for what wasip1 lacks.\npackage guest\n\n"+
			"import \"syscall\"\n\nvar _ = syscall.Setpgid\n")
	env := append([]string{"GOWORK=off"}, wasip1...)
	if _, err := run(command(t, dir, env, "build", "./...")); err == nil {
		t.Error("a guest that uses syscall.Setpgid compiled for wasip1")
	}
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
