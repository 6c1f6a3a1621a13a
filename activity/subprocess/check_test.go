//go:build unix

package subprocess_test

import (
	"bytes"
	"context"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/subprocess"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

type tree struct {
	Children []*tree
	By       map[string]tree
	_        chan int
	Left     chan int `json:"-"`
	At       time.Time
	Any      any
	Payload  *commonpb.Payload
	URL      url.URL
}

type deep struct {
	Orders []map[string]struct{ Done chan bool }
}

// Activities whose data cannot cross are refused, by name, with what and where.
func TestWhatCannotCrossIsRefused(t *testing.T) {
	e := newExecutor(t, subprocess.Options{
		Encodes: func(t reflect.Type) bool {
			return t == reflect.TypeFor[bytes.Buffer]() || t == reflect.TypeFor[chan string]()
		},
	})
	r := activity.NewRegistryWithOptions(activity.RegistryOptions{Check: e.Check})
	register := func(f any) error {
		return r.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: "Name", DisableAlreadyRegisteredCheck: true})
	}
	for name, f := range map[string]any{
		"plain":     func(context.Context, string, int, []byte, map[string]float64) (string, error) { return "", nil },
		"structs":   func(tree, *tree, [2]tree) (*tree, error) { return nil, nil },
		"converter": func(context.Context, bytes.Buffer, chan string) error { return nil },
		"nothing":   func() error { return nil },
	} {
		if err := register(f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, test := range map[string]struct {
		f    any
		says []string
	}{
		"channel":  {func(context.Context, string, chan int) error { return nil }, []string{"parameter 2, a chan int", "a channel", "pass plain data"}},
		"function": {func(func()) error { return nil }, []string{"parameter 1, a func()", "a function"}},
		"pointer":  {func(unsafe.Pointer) error { return nil }, []string{"an unsafe pointer"}},
		"deep":     {func(int, deep) error { return nil }, []string{"parameter 2", "a channel (subprocess_test.deep.Orders.Done)"}},
		"context":  {func(struct{ Ctx context.Context }) error { return nil }, []string{"a context", ".Ctx"}},
		"result":   {func() ([]func(), error) { return nil, nil }, []string{"its result, a []func()", "return plain data"}},
		"key":      {func(map[chan int]int) error { return nil }, []string{"a channel"}},
		"second":   {func(context.Context, context.Context) error { return nil }, []string{"context.Context", "first parameter"}},
	} {
		err := register(test.f)
		for _, says := range append(test.says, "activity ") {
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %v does not say %q", name, err, says)
			}
		}
	}
	err := r.RegisterDynamicActivity(func(context.Context, converter.EncodedValues) (string, error) { return "", nil },
		activity.DynamicRegisterOptions{})
	if err != nil {
		t.Errorf("dynamic: %v", err)
	}
}
