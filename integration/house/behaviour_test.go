package house_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const (
	behaviourFile = "activity/BEHAVIOUR.md"
	realTests     = "integration/realserver"
)

// behaviour is a row of the table of behaviours.
type behaviour struct {
	line    int
	name    string
	columns [2]string // tests on the real server, and on virtual time
}

// namedTest is how the table names one: package.Function, or package.Function/words of a subtest.
var namedTest = regexp.MustCompile(`^([a-z0-9/]+)\.((?:Test|Example|Benchmark)\w*)(?:/(.+))?$`)

// readBehaviours returns the rows of all tables of the document, and what is wrong with their form.
func readBehaviours(text string) (rows []behaviour, complaints []string) {
	line, inTable := 0, false
	for s := range strings.Lines(text) {
		line++
		s = strings.TrimSpace(s)
		switch {
		case !strings.HasPrefix(s, "|"):
			inTable = false
			continue
		case !inTable:
			inTable = true // the head
			continue
		case strings.HasPrefix(s, "|---"):
			continue
		}
		cells := strings.Split(strings.Trim(s, "|"), "|")
		if len(cells) != 3 {
			complaints = append(complaints, fmt.Sprintf("%s:%d has %d cells, want 3", behaviourFile, line, len(cells)))
			continue
		}
		rows = append(rows, behaviour{line, strings.TrimSpace(cells[0]), [2]string{cells[1], cells[2]}})
	}
	return rows, complaints
}

// testSources is what a directory has: the names of its test functions, and all that its strings say.
type testSources struct {
	functions map[string]bool
	strings   []string
}

// readTests parses the Go files of a directory.
func readTests(dir string) (testSources, error) {
	found := testSources{functions: map[string]bool{}}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		return found, fmt.Errorf("no Go files in %s (%w)", dir, err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return found, err
		}
		isTest := strings.HasSuffix(name, "_test.go")
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if isTest && n.Recv == nil {
					found.functions[n.Name.Name] = true
				}
			case *ast.BasicLit:
				if s, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil {
					found.strings = append(found.strings, s)
				}
			}
			return true
		})
	}
	return found, nil
}

// has says what of the named test is not there.
func (s testSources) has(function, subtest string) error {
	if !s.functions[function] {
		return fmt.Errorf("has no function %s in its tests", function)
	}
	for part := range strings.SplitSeq(subtest, "/") {
		said := false
		for _, literal := range s.strings {
			said = said || strings.Contains(literal, part)
		}
		if !said {
			return fmt.Errorf("says %q in none of its strings: %s has no such subtest", part, function)
		}
	}
	return nil
}

// checkBehaviours says which tests of the table do not exist, and which stand in the wrong column.
func checkBehaviours(text string, read func(dir string) (testSources, error)) []string {
	rows, complaints := readBehaviours(text)
	if len(rows) == 0 {
		return append(complaints, behaviourFile+" has no rows")
	}
	cache := map[string]testSources{}
	for _, row := range rows {
		for column, cell := range row.columns {
			for _, problem := range checkCell(cell, column == 0, cache, read) {
				complaints = append(complaints, fmt.Sprintf("%s:%d, %s: %s", behaviourFile, row.line, row.name, problem))
			}
		}
	}
	return complaints
}

// checkCell looks at the tests of one cell.
func checkCell(
	cell string, onServer bool, cache map[string]testSources, read func(dir string) (testSources, error),
) (problems []string) {
	cell = strings.TrimSpace(cell)
	if cell == "—" {
		return nil
	}
	names := strings.Split(cell, "`") // what stands between is at the odd places
	for i, name := range names {
		if i%2 == 0 {
			if strings.TrimSpace(name) != "" || len(names) < 3 {
				problems = append(problems, fmt.Sprintf("%q is neither the name of a test nor —", name))
			}
			continue
		}
		m := namedTest.FindStringSubmatch(name)
		if m == nil {
			problems = append(problems, fmt.Sprintf("%q is not the name of a test, like core/worker.TestStats", name))
			continue
		}
		dir := m[1]
		if onServer && !strings.HasPrefix(dir, "integration/") || !onServer && dir == realTests {
			problems = append(problems, fmt.Sprintf("%s stands in the wrong column", name))
		}
		if _, known := cache[dir]; !known {
			sources, err := read(dir)
			if err != nil {
				problems = append(problems, err.Error())
				continue
			}
			cache[dir] = sources
		}
		if err := cache[dir].has(m[2], m[3]); err != nil {
			problems = append(problems, fmt.Sprintf("%s: %s %v", name, dir, err))
		}
	}
	return problems
}

func readOfRepository(t *testing.T) func(dir string) (testSources, error) {
	t.Helper()
	dir := rootDir(t)
	return func(name string) (testSources, error) {
		return readTests(filepath.Join(dir, filepath.FromSlash(name)))
	}
}

// TestBehavioursHaveTheirTests holds the table of the activity runtime to what is there.
func TestBehavioursHaveTheirTests(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(rootDir(t), filepath.FromSlash(behaviourFile)))
	if err != nil {
		t.Fatal(err)
	}
	report(t, checkBehaviours(string(text), readOfRepository(t)))
}

func TestPlantedBehavioursAreCaught(t *testing.T) {
	const sound = "`core/worker.TestStats`"
	for name, planted := range map[string]struct{ row, want string }{
		"no such function":                  {"| a | — | `core/worker.TestStat` |", "core/worker has no function TestStat in its tests"},
		"a method or a function of no test": {"| a | — | `core/worker.TestNew` |", "has no function TestNew"},
		"no such subtest":                   {"| a | — | `core/worker.TestOptions/MaxNothing` |", `"MaxNothing" in none of its strings`},
		"no such package":                   {"| a | — | `core/walker.TestStats` |", "no Go files in"},
		"no package":                        {"| a | — | `TestStats` |", "is not the name of a test"},
		"not a test":                        {"| a | — | `core/worker.New` |", "is not the name of a test"},
		"words":                             {"| a | soon | " + sound + " |", `"soon" is neither`},
		"nothing":                           {"| a |  | " + sound + " |", `"" is neither`},
		"words beside":                      {"| a | — | " + sound + " and more |", `" and more" is neither`},
		"wrong column":                      {"| a | " + sound + " | — |", "wrong column"},
		"the other column":                  {"| a | — | `integration/realserver.TestOrder` |", "wrong column"},
		"two cells":                         {"| a | " + sound + " |", "has 2 cells"},
	} {
		t.Run(name, func(t *testing.T) {
			text := "| behaviour | real | virtual |\n|---|---|---|\n| b | — | " + sound + " |\n" + planted.row + "\n"
			wantOne(t, checkBehaviours(text, readOfRepository(t)), planted.want)
		})
	}
	wantOne(t, checkBehaviours("no table", readOfRepository(t)), "no rows")
}
