package options_test

import (
	"errors"
	"log/slog"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/core/connect"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/temporal/settings"
)

// newWorker makes a worker that never starts.
func newWorker(t *testing.T, o worker.Options) (*worker.Worker, error) {
	t.Helper()
	c, err := connect.Dial(connect.Options{Address: "localhost:1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	o.Logger = slog.New(slog.DiscardHandler)
	return worker.New(c, "queue", o)
}

// defaults are the values of a worker without options, by name. What differs between machines,
// and what the worker makes itself, is there in words.
func defaults(t *testing.T, all []option) map[string]string {
	t.Helper()
	w, err := newWorker(t, worker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := w.Config()
	values := map[string]string{}
	for _, a := range settings.Compare(c.Given, c.InForce) {
		values[a.Key] = strings.TrimSuffix(a.Value.String(), " (not given)")
	}
	told := regexp.MustCompile(`[Dd]efault:? ([^.;]*)`)
	for _, o := range all {
		v := values[o.name]
		inWords := v == "-" || v == "[]" || v == "off" || v == "0" || o.name == "MaxConcurrentReplays" || strings.HasPrefix(v, `"`) || strings.Contains(v, "*") ||
			strings.Contains(v, ".Nop") || v == "" || o.typ == "workflow.VersioningBehavior"
		if !inWords {
			continue
		}
		values[o.name] = "none"
		if m := told.FindStringSubmatch(o.doc); m != nil {
			values[o.name] = unlinked(m[1])
		}
	}
	return values
}

// unlinked is a comment without the brackets that make links of names.
func unlinked(comment string) string {
	return regexp.MustCompile(`\[(\*?[A-Za-z.]+)\]`).ReplaceAllString(comment, "`$1`")
}

// unit is what an option counts.
func unit(o option) string {
	_, name, nested := strings.Cut(o.name, ".")
	if !nested {
		name = o.name
	}
	for _, u := range []struct{ part, unit string }{
		{"PerSecond", "a second"},
		{"Ratio", "share, 0 to 1"},
		{"Polls", "polls"},
		{"Bytes", "bytes"},
		{"CachedWorkflows", "runs"},
		{"WorkflowTasks", "tasks"},
		{"Activity", "activities"},
		{"Activities", "activities"},
		{"Session", "sessions"},
		{"HistoryLength", "events"},
	} {
		if strings.Contains(name, u.part) && slices.Contains([]string{"int", "*int", "int64", "float64", "*float64"}, o.typ) {
			return u.unit
		}
	}
	switch {
	case o.typ == "time.Duration":
		return "time"
	case o.typ == "int" && strings.HasPrefix(o.name, "Limits."):
		return "bytes"
	default:
		return ""
	}
}

// nonsense gives an option each value that might be refused.
func nonsense(o *worker.Options, name string) []func() {
	v := reflect.ValueOf(o).Elem()
	for part := range strings.SplitSeq(name, ".") {
		v = v.FieldByName(part)
	}
	set := func(values ...any) (all []func()) {
		for _, x := range values {
			all = append(all, func() { v.Set(reflect.ValueOf(x).Convert(v.Type())) })
		}
		return all
	}
	switch v.Interface().(type) {
	case int:
		return set(-1, 1, math.MaxInt32+1)
	case *int:
		return set(new(-1))
	case float64:
		return set(-1.0, math.NaN(), math.Inf(1))
	case *float64:
		return set(new(-0.1), new(1.1), new(math.NaN()))
	case time.Duration:
		return set(-time.Second)
	case bool:
		return set(true)
	case worker.WorkflowPanicPolicy:
		return set(7)
	}
	return nil
}

// mistakes are what New says of values that it does not take, once each.
func mistakes(t *testing.T, o option) (all []string) {
	t.Helper()
	var probe worker.Options
	for _, set := range nonsense(&probe, o.name) {
		set()
		_, err := newWorker(t, probe)
		var wrong *worker.OptionError
		if !errors.As(err, &wrong) {
			continue
		}
		text := wrong.Fix
		if wrong.Err != nil {
			text = wrong.Err.Error()
		}
		if wrong.Field != o.name {
			text = wrong.Field + ": " + text
		}
		if n := len(all); n > 0 && strings.HasSuffix(all[n-1], ": "+text) {
			all[n-1] = strings.Replace(all[n-1], ": "+text, ", "+wrong.Value+": "+text, 1)
			continue
		}
		all = append(all, wrong.Value+": "+text)
	}
	return all
}
