package task_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/task"
)

func TestOptions(t *testing.T) {
	good := task.Options{
		Service: &service{}, Runner: native.New(native.Options{}), Cache: &cache{}, Namespace: "ns",
	}
	if _, err := task.New(good); err != nil {
		t.Errorf("the least that is required was refused: %v", err)
	}
	_, err := task.New(task.Options{
		StickyQueue: "sticky", StickyScheduleToStartTimeout: -time.Second, UseVersioning: true,
	})
	if err == nil {
		t.Fatal("nothing at all was taken")
	}
	for _, want := range []string{
		"Service is not set", "Runner is not set", "Cache is not set", "Namespace is not set", "TaskQueue is not set",
		"UseVersioning is true without a BuildID",
		"StickyScheduleToStartTimeout is -1s: use zero for the default of 10s or a positive duration",
	} {
		if !strings.Contains(err.Error(), "task options: "+want) {
			t.Errorf("%q is not in the error:\n%v", want, err)
		}
	}
	eager := good
	eager.Eager, eager.MaxEagerActivities = &dealer{}, -1
	_, err = task.New(eager)
	for _, want := range []string{
		"TaskQueue is not set", "MaxEagerActivities is -1: use zero for the default of 3 or a positive number",
	} {
		if err == nil || !strings.Contains(err.Error(), "task options: "+want) {
			t.Errorf("%q is not in the error:\n%v", want, err)
		}
	}
	h, err := task.New(good)
	if err != nil {
		t.Fatal(err)
	}
	if h.StickyScheduleToStartTimeout != 10*time.Second || h.DataConverter == nil || h.FailureConverter == nil || h.Logger == nil ||
		h.MaxEagerActivities != task.DefaultMaxEagerActivities {
		t.Errorf("defaults are missing: %+v", h.Options)
	}
}
