package house_test

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestPlantedDrawersAreCaught(t *testing.T) {
	t.Parallel()
	for _, p := range []pkg{
		{ImportPath: prefix + "core/util", Name: "util"},
		{ImportPath: prefix + "core/internal/common", Name: "words"},
		{ImportPath: prefix + "workflow/internal", Name: "internal"},
		{ImportPath: prefix + "workflow/words", Name: "types"},
	} {
		wantOne(t, checkNames([]pkg{p}), p.ImportPath)
	}
	report(t, checkNames([]pkg{{ImportPath: prefix + "workflow/internal/ids", Name: "ids"}}))
}

func TestPlantedPackageWithoutDocIsCaught(t *testing.T) {
	t.Parallel()
	wantOne(t, checkDocs([]pkg{{ImportPath: prefix + "slots", Name: "slots", GoFiles: []string{"a.go"}}}),
		"has no doc.go")
	report(t, checkDocs([]pkg{
		{ImportPath: prefix + "slots", Name: "slots", GoFiles: []string{"a.go", "doc.go"}},
		{ImportPath: prefix + "integration/quickstart", Name: "main", GoFiles: []string{"main.go"}},
	}))
}

func TestPlantedMissingFilesAreCaught(t *testing.T) {
	t.Parallel()
	full, empty := &fstest.MapFile{Data: []byte("# slots\n")}, &fstest.MapFile{}
	wantOne(t, checkModuleFiles("slots", fstest.MapFS{"README.md": full}), "no CHANGELOG.md")
	wantOne(t, checkModuleFiles("slots", fstest.MapFS{"README.md": empty, "CHANGELOG.md": full}),
		"no README.md")
	report(t, checkModuleFiles("slots", fstest.MapFS{"README.md": full, "CHANGELOG.md": full}))
}

func TestPlantedGoLinesAreCaught(t *testing.T) {
	t.Parallel()
	wantOne(t, checkGoLines([]module{{name: "slots", file: goMod{Go: "1.25.0"}}}), "want go 1.26.0")
	wantOne(t, checkGoLines([]module{{name: "slots", file: goMod{Go: "1.26.0", Toolchain: "go1.26.8"}}}),
		"toolchain")
	report(t, checkGoLines([]module{
		{name: "slots", file: goMod{Go: "1.26.0"}}, {name: "integration", file: goMod{Go: "1.26.8"}},
	}))
}

func TestPlantedRequireIsCaught(t *testing.T) {
	t.Parallel()
	require := func(path string) []module {
		file := goMod{Go: "1.26.0"}
		file.Require = append(file.Require, struct{ Path, Version string }{path, "v0.0.0"})
		return []module{{name: "activity", file: file}}
	}
	wantOne(t, mustPolicy(t).checkRequires(require(prefix+"testkit")), "may not depend on testkit")
	report(t, mustPolicy(t).checkRequires(require(prefix+"temporal")))
	report(t, mustPolicy(t).checkRequires(require("go.temporal.io/api")))
}

func TestPlantedLongFilesAreCaught(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("\n", maxLines+1)
	fits := strings.Repeat("\n", maxLines)
	wantOne(t, checkLengths(map[string]string{"slots/slots.go": long}), "slots/slots.go has")
	report(t, checkLengths(map[string]string{"slots/slots.go": fits}))
	core := map[string]string{"core/words.go": strings.Repeat("// words\n\n", maxLines/2)}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		core["core/"+name+".go"] = strings.Repeat("code()\n", maxLines)
	}
	wantOne(t, checkLengths(core), "core has")
	core["core/e_test.go"] = core["core/e.go"]
	delete(core, "core/e.go")
	core["core/connect/e.go"] = core["core/e_test.go"] // a module of its own
	report(t, checkLengths(core))
}
