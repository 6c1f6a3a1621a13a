// Code generated from ../workflows/rare.go by mktwin; DO NOT EDIT.

package sdkworkflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
)

// Anything runs as every type that has no workflow.
func Anything(ctx workflow.Context, args converter.EncodedValues) (string, error) {
	var s string
	var n int
	if err := args.Get(&s, &n); err != nil {
		return "", err
	}
	var a *Acts
	err := workflow.ExecuteActivity(brief(ctx), a.Echo, s).Get(ctx, &s)
	return fmt.Sprintf("%s %s %d", workflow.GetInfo(ctx).WorkflowType.Name, s, n), err
}

// Random draws numbers, and what it does depends on them.
func Random(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	var a *Acts
	stream := workflow.GetRandomStream(ctx, "dice")
	for range 4 {
		for range stream.Uint64() % 3 {
			d.failure("activity", workflow.ExecuteActivity(brief(ctx), a.Nothing).Get(ctx, nil))
		}
		var b [3]byte
		if _, err := workflow.GetRandomStream(ctx, "other").Read(b[:]); err != nil {
			return nil, err
		}
		if b[1]%2 == 0 {
			d.failure("timer", workflow.Sleep(ctx, time.Millisecond))
		}
	}
	return d.lines, nil
}

// Session has activities done on one worker.
func Session(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	var a *Acts
	ctx = brief(ctx)
	for range 2 {
		session, err := workflow.CreateSession(ctx, &workflow.SessionOptions{
			CreationTimeout: time.Minute, ExecutionTimeout: 5 * time.Minute,
		})
		d.failure("create", err)
		if err != nil {
			return d.lines, nil //nolint:nilerr // the diary has it
		}
		d.note("open: %t", workflow.GetSessionInfo(session).SessionID != "")
		var s string
		d.failure("echo", workflow.ExecuteActivity(session, a.Echo, "here").Get(session, &s))
		d.note("%s", s)
		workflow.CompleteSession(session)
	}
	return d.lines, nil
}
