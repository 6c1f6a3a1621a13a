package surface_test

import (
	"fmt"
	"slices"
	"strings"
)

// reasons says of names, or of all names that begin with what stands before a *,
// why they differ.
type reasons []reason

type reason struct{ name, why string }

// parseReasons reads lines of the form "name: why".
func parseReasons(text string) (reasons, error) {
	var all reasons
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, why, ok := strings.Cut(line, ":")
		why = strings.TrimSpace(why)
		switch {
		case !ok || name == "" || why == "":
			return nil, fmt.Errorf("line %q: want name: why", line)
		case seen[name]:
			return nil, fmt.Errorf("line %q: the name has a line already", line)
		}
		seen[name] = true
		all = append(all, reason{name, why})
	}
	return all, nil
}

// prune leaves out the lines that cover none of the differences.
func prune(text string, differences []difference) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		name, _, ok := strings.Cut(line, ":")
		if ok && !strings.HasPrefix(line, "#") && !slices.ContainsFunc(differences,
			func(d difference) bool { return len(reasons{{name: name}}.of(d.name)) > 0 }) {
			continue
		}
		b.WriteString(line)
	}
	return b.String()
}

// of returns the lines that cover a name.
func (r reasons) of(name string) []int {
	var found []int
	for i, line := range r {
		prefix, open := strings.CutSuffix(line.name, "*")
		if line.name == name || open && strings.HasPrefix(name, prefix) {
			found = append(found, i)
		}
	}
	return found
}

// excused is a difference and why it is there.
type excused struct {
	difference

	why string
}

const deprecated = "deprecated in the SDK"

// excuse joins the differences with their reasons, and complains of differences
// without one, and of lines that cover no difference.
func (r reasons) excuse(differences []difference) (all []excused, complaints []string) {
	used := make([]bool, len(r))
	for _, d := range differences {
		lines := r.of(d.name)
		for _, i := range lines {
			used[i] = true
		}
		switch {
		case d.deprecated && len(lines) == 0:
			all = append(all, excused{d, deprecated})
		case len(lines) == 1:
			all = append(all, excused{d, r[lines[0]].why})
		case len(lines) == 0:
			complaints = append(complaints, fmt.Sprintf(
				"%s: %s: make it so, or give missing.txt a line with the reason", d.name, d.what))
		default:
			complaints = append(complaints, fmt.Sprintf("%s is covered by %d lines of missing.txt",
				d.name, len(lines)))
		}
	}
	for i, line := range r {
		if !used[i] {
			complaints = append(complaints, fmt.Sprintf(
				"missing.txt says %q of %s, which does not differ: remove the line", line.why, line.name))
		}
	}
	return all, complaints
}
