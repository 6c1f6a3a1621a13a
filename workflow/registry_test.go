package workflow_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
)

func Greet(workflow.Context, string) (string, error) { return "", nil }

func Part(workflow.Context) error { return nil }

type Orders struct{}

func (*Orders) Ship(workflow.Context) error { return nil }

func TestRegistry(t *testing.T) {
	var r workflow.Registry
	var orders *Orders
	for _, err := range []error{
		r.RegisterWorkflow(Greet),
		r.RegisterWorkflow(orders.Ship),
		r.RegisterWorkflowWithOptions(Part, workflow.RegisterOptions{Name: "renamed"}),
		r.RegisterWorkflowWithOptions(Greet, workflow.RegisterOptions{DisableAlreadyRegisteredCheck: true}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var types []string
	for _, d := range r.Definitions() {
		types = append(types, d.Type)
		if d.Func == nil {
			t.Errorf("%s has no function", d.Type)
		}
	}
	if !r.Has("renamed") || r.Has("Part") {
		t.Error("it does not know what it has")
	}
	if diff := cmp.Diff([]string{"Greet", "Ship", "renamed"}, types); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		workflow any
		want     string
	}{
		{"any name", "any name"},
		{Greet, "Greet"},
		{orders.Ship, "Ship"},
		{(*Orders).Ship, "Ship"},
		{Part, "renamed"},
		{func(workflow.Context) error { return nil }, "func1"}, // not registered: its own name
	} {
		if got, err := r.Name(tt.workflow); err != nil || got != tt.want {
			t.Errorf("%T is named %q, %v, want %q", tt.workflow, got, err, tt.want)
		}
	}
	for _, bad := range []any{nil, 7, (func())(nil)} {
		if got, err := r.Name(bad); err == nil {
			t.Errorf("%#v is named %q", bad, got)
		}
	}
}

func TestRegistryRefuses(t *testing.T) {
	var r workflow.Registry
	if err := r.RegisterWorkflow(Greet); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		workflow any
		name     string
		want     string
	}{
		{nil, "", "is no function"},
		{7, "", "is no function"},
		{(func(workflow.Context) error)(nil), "", "is no function"},
		{Greet, "", "is already registered"},
		{Part, "Greet", "is already registered"},
		{Part, "__temporal_x", "__temporal_ is a reserved prefix"},
		{func() error { return nil }, "x", "must take a workflow.Context as its first parameter"},
		{func(workflow.Context) {}, "x", "must return an error"},
		{func(workflow.Context) (int, int, error) { return 0, 0, nil }, "x", "must return an error"},
		{func(workflow.Context, ...string) error { return nil }, "x", "must not be variadic"},
	} {
		err := r.RegisterWorkflowWithOptions(tt.workflow, workflow.RegisterOptions{Name: tt.name})
		refused, ok := errors.AsType[*workflow.RegistrationError](err)
		if !ok || !strings.Contains(refused.Problem, tt.want) || refused.Fix == "" {
			t.Errorf("%T as %q: got %v, want %q", tt.workflow, tt.name, err, tt.want)
			continue
		}
		for _, part := range []string{refused.Value, refused.Problem, refused.Fix} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q does not say %q", err, part)
			}
		}
	}
	if n := len(r.Definitions()); n != 1 {
		t.Errorf("got %d workflows, want the one that was good", n)
	}
}

func TestRegisterDynamicWorkflow(t *testing.T) {
	dynamic := func(workflow.Context, converter.EncodedValues) error { return nil }
	for _, tt := range []struct {
		name string
		w    any
		want string
	}{
		{"nothing", nil, "must be a function"},
		{"no function", 7, "must be a function"},
		{"no context", func(converter.EncodedValues) error { return nil }, "must take a workflow.Context"},
		{"decoded input", func(workflow.Context, string) error { return nil }, "one converter.EncodedValues"},
		{"more input", func(workflow.Context, converter.EncodedValues, int) error { return nil }, "one converter.EncodedValues"},
		{"no error", func(workflow.Context, converter.EncodedValues) {}, "must return an error"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := new(workflow.Registry).RegisterDynamicWorkflow(tt.w, workflow.DynamicRegisterOptions{})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "register a func") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	var r workflow.Registry
	if err := r.RegisterDynamicWorkflow(dynamic, workflow.DynamicRegisterOptions{}); err != nil {
		t.Fatal(err)
	}
	if !r.Has("anything") {
		t.Error("a dynamic workflow is there for any type")
	}
	err := r.RegisterDynamicWorkflow(dynamic, workflow.DynamicRegisterOptions{})
	if err == nil || !strings.Contains(err.Error(), "is the second one") {
		t.Errorf("got %v for the second one", err)
	}
	if err := r.RegisterWorkflow(Greet); err != nil {
		t.Fatal(err)
	}
	defs := r.Definitions()
	if len(defs) != 2 || defs[0].Dynamic || !defs[1].Dynamic {
		t.Errorf("got definitions %v, want the dynamic one last", defs)
	}
}

// A Function stands for its function.
func TestRegistryOfFunctions(t *testing.T) {
	var r workflow.Registry
	call := func(workflow.Context, []any) (any, error) { return nil, nil }
	greet := workflow.NewFunction(Greet, call)
	if err := r.RegisterWorkflow(greet); err != nil {
		t.Fatal(err)
	}
	if err := r.RegisterWorkflowWithOptions(workflow.NewFunction(Part, call), workflow.RegisterOptions{Name: "renamed"}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		workflow any
		want     string
	}{{greet, "Greet"}, {Greet, "Greet"}, {workflow.NewFunction(Part, nil), "renamed"}, {Part, "renamed"}} {
		if name, err := r.Name(tt.workflow); err != nil || name != tt.want {
			t.Errorf("got %q, %v, want %q", name, err, tt.want)
		}
	}
	for _, wrong := range []workflow.Function{{}, workflow.NewFunction(7, call), workflow.NewFunction(func() {}, call)} {
		if err := r.RegisterWorkflow(wrong); err == nil {
			t.Errorf("%v was taken for a workflow", wrong)
		}
	}
}

func TestNamesAreAcceptedOnceAskedFor(t *testing.T) {
	var r workflow.Registry
	if err := r.RegisterWorkflow("Elsewhere"); err == nil {
		t.Fatal("a string was registered")
	}
	r.AcceptNames()
	if err := r.RegisterWorkflow("Elsewhere"); err != nil {
		t.Fatal(err)
	}
	if err := r.RegisterWorkflow("Elsewhere"); err == nil || !strings.Contains(err.Error(), "is already registered") {
		t.Errorf("the second time: %v", err)
	}
	if err := r.RegisterWorkflow(""); err == nil {
		t.Error("an empty string was registered")
	}
	err := r.RegisterWorkflowWithOptions("free", workflow.RegisterOptions{Name: "Free", Unsandboxed: true})
	if err != nil {
		t.Fatal(err)
	}
	d := r.Definitions()
	if len(d) != 2 || d[0].Type != "Elsewhere" || d[0].Func != nil || d[0].Unsandboxed ||
		d[1].Type != "Free" || d[1].Func != nil || !d[1].Unsandboxed {
		t.Errorf("got %+v", d)
	}
}
