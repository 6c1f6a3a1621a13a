package shutdown_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mainspring-go/mainspring/shutdown"
)

func ExampleCoordinator() {
	c, err := shutdown.New(shutdown.Options{},
		shutdown.Stage{Name: "stop polls", Timeout: 5 * time.Second},
		shutdown.Stage{Name: "drain", Timeout: 30 * time.Second},
		shutdown.Stage{Name: "release", Timeout: time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range []struct{ stage, name string }{
		{"release", "connection"}, {"stop polls", "poller"}, {"drain", "activities"},
	} {
		err := c.Add(m.stage, m.name, func(context.Context) error {
			fmt.Println(m.stage+":", m.name)
			return nil
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	c.Fatal(errors.New("permission denied"))
	<-c.Triggered()
	report, err := c.Shutdown(context.Background(), nil)
	fmt.Println(report.Cause, err)
	// Output:
	// stop polls: poller
	// drain: activities
	// release: connection
	// permission denied <nil>
}

func ExampleReport_String() {
	report := shutdown.Report{
		Cause: shutdown.ErrRequested,
		Began: time.Now(),
		Took:  10200 * time.Millisecond,
		Stages: []shutdown.StageReport{{
			Name: "drain", Timeout: 10 * time.Second, Began: time.Now(), Took: 10100 * time.Millisecond,
			Members: []shutdown.MemberReport{
				{Name: "activities", Outcome: shutdown.Abandoned, Took: 10100 * time.Millisecond},
				{Name: "workflows", Outcome: shutdown.Drained, Took: time.Second},
			},
		}},
	}
	fmt.Println(report)
	fmt.Println(report.Err())
	// Output:
	// shutdown took 10.2s, cause: shutdown: requested
	//   drain: 10.1s of 10s, 1 drained, 1 abandoned
	//     abandoned after 10.1s: activities
	// shutdown: of 2 members 1 abandoned (drain/activities)
}
