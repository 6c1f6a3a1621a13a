package house_test

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	// maxLines is how long a file may be. The aim is 500; a file that grows past
	// the tolerance has two subjects.
	maxLines = 550
	// maxCoreLines is how many lines of code core may have in all, tests left out: it
	// composes, and what grows beyond belongs into a module. Words do not count, so
	// that nobody saves them: half of its options are their documentation.
	maxCoreLines = 2500
)

// drawers are names that say nothing of what is inside.
func drawers() []string {
	return []string{
		"util", "utils", "common", "helper", "helpers", "type", "types", "misc", "shared", "base", "lib",
		"internal",
	}
}

// checkNames says which packages are drawers.
func checkNames(packages []pkg) []string {
	var complaints []string
	for _, p := range packages {
		for _, name := range []string{path.Base(p.ImportPath), p.Name} {
			if slices.Contains(drawers(), name) {
				complaints = append(complaints, fmt.Sprintf(
					"%s is named %s: name it by its subject", p.ImportPath, name))
				break
			}
		}
	}
	return complaints
}

// checkDocs says which packages have no doc.go. A main has its main.go.
func checkDocs(packages []pkg) []string {
	var complaints []string
	for _, p := range packages {
		if p.Name == "main" || slices.Contains(p.GoFiles, "doc.go") {
			continue
		}
		complaints = append(complaints, fmt.Sprintf(
			"%s has no doc.go: say there what it promises and what it will not do", p.ImportPath))
	}
	return complaints
}

// checkModuleFiles says which files a module lacks in its directory.
func checkModuleFiles(name string, dir fs.FS) []string {
	var complaints []string
	for _, want := range []string{"README.md", "CHANGELOG.md"} {
		if info, err := fs.Stat(dir, want); err != nil || info.Size() == 0 {
			complaints = append(complaints, fmt.Sprintf("module %s has no %s", name, want))
		}
	}
	return complaints
}

// checkGoLines says which modules state another version of Go than they should:
// all the same, except integration, for which the Temporal server decides.
func checkGoLines(all []module) []string {
	const everyone, except = "1.26.0", "integration"
	var complaints []string
	for _, m := range all {
		if m.file.Go != everyone && m.name != except {
			complaints = append(complaints, fmt.Sprintf("%s/go.mod states go %s, want go %s",
				m.name, m.file.Go, everyone))
		}
		if m.file.Toolchain != "" {
			complaints = append(complaints, fmt.Sprintf("%s/go.mod has a toolchain line: remove it",
				m.name))
		}
	}
	return complaints
}

// checkRequires says which siblings a go.mod requires against the policy.
func (p policy) checkRequires(all []module) []string {
	var complaints []string
	for _, m := range all {
		for _, r := range m.file.Require {
			sibling, ours := p.moduleOf(r.Path)
			if ours && !slices.Contains(p.rules[m.name].siblings, sibling) {
				complaints = append(complaints, fmt.Sprintf("%s/go.mod requires %s: %s may not depend on %s",
					m.name, r.Path, m.name, sibling))
			}
		}
	}
	return complaints
}

// checkLengths says which files are too long, and whether core is.
func checkLengths(files map[string]string) []string {
	var complaints []string
	core := 0
	for name, text := range files {
		lines := strings.Count(text, "\n")
		if lines > maxLines {
			complaints = append(complaints, fmt.Sprintf(
				"%s has %d lines, at most %d: it has two subjects", name, lines, maxLines))
		}
		if strings.HasPrefix(name, "core/") && !strings.HasPrefix(name, "core/connect/") &&
			!strings.HasSuffix(name, "_test.go") {
			core += codeLines(text)
		}
	}
	if core > maxCoreLines {
		complaints = append(complaints, fmt.Sprintf(
			"core has %d lines of code, at most %d: something in it belongs into a module", core, maxCoreLines))
	}
	slices.Sort(complaints)
	return complaints
}

// codeLines counts the lines that are neither empty nor comments.
func codeLines(text string) (n int) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			n++
		}
	}
	return n
}

// goFiles reads the Go files of all packages, by their path from the root.
func goFiles(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, p := range listWorkspace(t) {
		for _, name := range slices.Concat(p.GoFiles, p.TestGoFiles, p.XTestGoFiles) {
			at := filepath.Join(p.Dir, name)
			text, err := os.ReadFile(at)
			if err != nil {
				t.Fatal(err)
			}
			rel, err := filepath.Rel(rootDir(t), at)
			if err != nil {
				t.Fatal(err)
			}
			files[filepath.ToSlash(rel)] = string(text)
		}
	}
	return files
}

func TestPackagesHaveNamesAndDocs(t *testing.T) {
	t.Parallel()
	packages := listWorkspace(t)
	report(t, checkNames(packages))
	report(t, checkDocs(packages))
}

func TestModulesHaveTheirFiles(t *testing.T) {
	t.Parallel()
	all := modules(t)
	for _, m := range all {
		report(t, checkModuleFiles(m.name, os.DirFS(m.dir)))
	}
	report(t, checkGoLines(all))
	report(t, mustPolicy(t).checkRequires(all))
	if _, err := os.Stat(filepath.Join(rootDir(t), "LICENSE")); err != nil {
		t.Errorf("the repository has no licence: %v", err)
	}
}

func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	report(t, checkLengths(goFiles(t)))
}
