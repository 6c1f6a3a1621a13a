// Package shop is the quickstart's program as a user would write it: a workflow
// and its activities on Mainspring's packages, and a client of the Go SDK that
// drives them.
//
//	w, err := worker.New(client, shop.TaskQueue, worker.Options{
//		Workflows:  []any{shop.Order},
//		Activities: []any{&shop.Activities{Tell: tell}},
//	})
//	// ...
//	err = shop.Plot{Client: client, Story: story, Stats: w.Stats}.Run(ctx)
//
// It promises that every run shows the same: an order is charged at the second
// attempt, packed by two activities at once, held by a timer, asked, corrected,
// approved and paid for. It will not start a server or a worker; the command
// order does.
package shop
