package worker_test

import (
	"crypto/fips140"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/workflow/task"
)

// executable is the checksum of this test.
func executable(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if fips140.Enabled() {
		sum := sha256.Sum256(text)
		return hex.EncodeToString(sum[:])
	}
	sum := md5.Sum(text)
	return hex.EncodeToString(sum[:])
}

// gone is set in the process of a test whose executable is gone.
const gone = "MAINSPRING_TEST_EXECUTABLE_IS_GONE"

// A program that cannot read itself has workers without a build id, and is told.
func TestNoBuildIDWithoutAnExecutable(t *testing.T) {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv(gone) == "" {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		other := filepath.Join(t.TempDir(), "worker.test")
		if err := os.WriteFile(other, text, 0o700); err != nil { //nolint:gosec // it is to be run
			t.Fatal(err)
		}
		//nolint:gosec // it is this test
		run := exec.CommandContext(t.Context(), other, "-test.run=^TestNoBuildIDWithoutAnExecutable$", "-test.v")
		run.Env = append(os.Environ(), gone+"=1")
		out, err := run.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	in(t, func(t *testing.T, f *frontend) {
		o, logs := both(), new(logbook)
		o.Logger = logs.logger()
		for _, req := range f.everyRequest(t, o) {
			if id, _ := buildIDOf(req); id != "" {
				t.Errorf("%T: build id %q", req, id)
			}
		}
		if !logs.has("executable cannot be read") {
			t.Error("nobody was told")
		}
	})
}

// usesVersioning reports what a request says of that, if it has room for it.
func usesVersioning(req proto.Message) (uses, says bool) {
	switch r := req.(type) {
	case interface {
		GetWorkerVersionCapabilities() *commonpb.WorkerVersionCapabilities
	}:
		return r.GetWorkerVersionCapabilities().GetUseVersioning(), true
	case interface {
		GetWorkerVersionStamp() *commonpb.WorkerVersionStamp
	}:
		return r.GetWorkerVersionStamp().GetUseVersioning(), true
	case interface {
		GetWorkerVersion() *commonpb.WorkerVersionStamp
	}:
		return r.GetWorkerVersion().GetUseVersioning(), true
	default:
		return false, false
	}
}

func testUseWorkerVersioning(t *testing.T, f *frontend) {
	o := both()
	o.BuildID, o.UseWorkerVersioning = "v42", true
	said := 0
	for _, req := range f.everyRequest(t, o) {
		uses, says := usesVersioning(req)
		if id, _ := buildIDOf(req); says && (!uses || id != "v42") {
			t.Errorf("%T: build id %q, uses versioning %v", req, id, uses)
		}
		if says {
			said++
		}
	}
	if said < 5 {
		t.Errorf("%d requests have room for it", said)
	}
}

func TestBuildIDAloneVersionsNothing(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		o := both()
		o.BuildID = "v42"
		for _, req := range f.everyRequest(t, o) {
			if uses, _ := usesVersioning(req); uses {
				t.Errorf("%T uses versioning", req)
			}
		}
	})
}

func testWorkflowTaskExecutor(t *testing.T, f *frontend) {
	one, err := task.NewBounded(1)
	if err != nil {
		t.Fatal(err)
	}
	f.start(t, worker.Options{
		Workflows: []any{Greet}, WorkflowRunner: newSlowRunner(time.Minute), WorkflowTaskExecutor: one,
		MaxCachedWorkflows: new(0),
	})
	f.workflowTasks <- firstTask("Greet", "run 1")
	f.workflowTasks <- firstTask("Greet", "run 2")
	for minute, want := range []int{0, 1, 2} {
		pass(time.Second)
		if answers, _ := arrivals[*workflowservice.RespondWorkflowTaskCompletedRequest](f); len(answers) != want {
			t.Errorf("%d answers in minute %d, want %d", len(answers), minute, want)
		}
		pass(time.Minute)
	}
}
