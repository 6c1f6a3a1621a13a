package wire

import "github.com/mainspring-go/mainspring/workflow/runner"

func completion(c *codec, x *runner.Completion) {
	list(c, &x.Commands, messages)
	list(c, &x.Messages, messages)
	list(c, &x.Flags, integer)
	list(c, &x.Locals, func(c *codec, l **runner.LocalRequest) { optional(c, l, localRequest) })
	list(c, &x.CanceledLocals, text)
	c.text(&x.EndedLocal)
	list(c, &x.Answers, answer)
	c.boolean(&x.Closed)
	integer(c, &x.VersioningBehavior)
	optional(c, &x.Failure, taskFailure)
	optional(c, &x.Trace, trace)
}

func localRequest(c *codec, l *runner.LocalRequest) {
	c.text(&l.ID)
	c.text(&l.Type)
	integer(c, &l.Attempt)
	c.instant(&l.Scheduled)
	integer(c, &l.ScheduleToClose)
	integer(c, &l.StartToClose)
	message(c, &l.RetryPolicy)
	message(c, &l.Header)
	message(c, &l.Args)
}

func answer(c *codec, a *runner.Answer) {
	c.text(&a.ID)
	message(c, &a.Result)
	c.text(&a.Error)
	message(c, &a.Failure)
}

func taskFailure(c *codec, f *runner.TaskFailure) {
	integer(c, &f.Cause)
	message(c, &f.Failure)
	c.boolean(&f.Panicked)
}

func trace(c *codec, t *runner.Trace) {
	list(c, &t.Commands, text)
	c.text(&t.Blocked)
}
