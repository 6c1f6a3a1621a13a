package poller

import "time"

// What [Demand] goes by.
const (
	demandBusy = time.Second      // tasks that follow each other faster are many
	demandCalm = 10 * time.Second // a poll that waits longer is one too many
)

// Demand is a [Scaler] for a small number of polls: all of them while tasks come, few while none do.
//
//   - A task that follows the one before within a second makes it Max at once, and so does a
//     suggestion of more polls.
//   - A poll that waited ten seconds, or came back empty, takes one away, down to Min.
//   - In between, and after failures, it stays.
//
// So an idle poller is at Min after one long poll, and a burst has all polls from its second task
// on. It keeps no clock. The zero value keeps one poll. Each poller needs one of its own.
type Demand struct {
	// Min is the least number of polls. Default 1.
	Min int
	// Max is the greatest number of polls. Default Min.
	Max int

	target int
	task   time.Time // when the latest came
}

// Next implements [Scaler].
func (d *Demand) Next(e Event) int {
	switch {
	case e.Kind == Started:
		*d = Demand{Min: d.Min, Max: d.Max, target: max(1, d.Min)}
	case e.Kind == Polled && e.Outcome != Failed:
		d.polled(e)
	}
	return d.target
}

func (d *Demand) polled(e Event) {
	again := e.Outcome == GotTask && e.Now.Sub(d.task) < demandBusy
	if e.Outcome == GotTask {
		d.task = e.Now
	}
	switch {
	case again || e.Feedback.Delta > 0:
		d.target = max(d.target, d.Max)
	case e.Outcome == GotNothing || e.Latency >= demandCalm:
		d.target = max(1, d.Min, d.target-1)
	}
}
