//go:build unix

package subprocess_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/subprocess"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// Convert is an activity with a library in it that may take the process down.
func Convert(_ context.Context, path string) (string, error) {
	if path == "broken.png" {
		fmt.Fprintln(os.Stderr, "libpng: out of luck")
		os.Exit(139)
	}
	return path + ".jpg", nil
}

// An activity that takes its process down costs nothing but its attempt. The first lines of main
// are
//
//	subprocess.Main(subprocess.Program{Activities: []any{Convert}})
//
// and a worker is given the executor:
//
//	worker.Options{Activities: []any{Convert}, ActivityExecutor: executor}
func Example() {
	executor, err := subprocess.New(subprocess.Options{Size: 1, MaxTasks: 1000, Stderr: io.Discard})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer executor.Close()
	for _, path := range []string{"a.png", "broken.png", "b.png"} {
		input, err := converter.GetDefaultDataConverter().ToPayloads(path)
		if err != nil {
			fmt.Println(err)
			return
		}
		result, err := executor.Execute(context.Background(), &activity.Call{Type: "Convert", Input: input})
		if died, ok := errors.AsType[*subprocess.ProcessError](err); ok {
			fmt.Println(path, "failed:", died.Reason, "with", died.State, "after", died.Stderr)
			continue
		}
		var converted string
		if err := converter.GetDefaultDataConverter().FromPayloads(result, &converted); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(converted)
	}
	// Output:
	// a.png.jpg
	// broken.png failed: Exited with exit status 139 after libpng: out of luck
	// b.png.jpg
}

// What cannot be sent to another process is refused when it is registered.
func ExampleExecutor_Check() {
	executor, err := subprocess.New(subprocess.Options{Size: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer executor.Close()
	// A worker makes such a registry of the executor that it is given.
	registry := activity.NewRegistryWithOptions(activity.RegistryOptions{Check: executor.Check})
	err = registry.RegisterActivity(func(_ context.Context, id string, done chan bool) error { return nil })
	fmt.Println(err)
	// Output:
	// register activity: activity func1 cannot run in another process: parameter 2, a chan bool, has a channel (chan bool): pass plain data from which it can be made
}
