package service

import (
	"math"
	"time"

	"github.com/robfig/cron/v3"
)

// checkCron validates a cron schedule; an empty one is none.
func checkCron(text string, at time.Time) error {
	if text == "" {
		return nil
	}
	schedule, err := cron.ParseStandard(text)
	if err != nil {
		return invalid("invalid CronSchedule.")
	}
	if schedule.Next(at).IsZero() {
		return invalid("invalid CronSchedule, no time can be found to satisfy the schedule")
	}
	return nil
}

// cronPause is the time from now to the next time of the schedule, in whole
// seconds, and whether there is one. Times are counted from since; one that has
// not come yet is the next.
func cronPause(text string, since, at time.Time) (time.Duration, bool) {
	if text == "" {
		return 0, false
	}
	schedule, err := cron.ParseStandard(text)
	if err != nil {
		return 0, false
	}
	due := since
	if !at.Before(since) {
		due = schedule.Next(since)
		for !due.IsZero() && due.Before(at) {
			due = schedule.Next(due)
		}
	}
	if due.IsZero() {
		return 0, false
	}
	return time.Duration(math.Ceil(due.Sub(at).Seconds())) * time.Second, true
}

// cronPause is how long the next run of the schedule has to wait, and whether
// there is a schedule.
func (r *run) cronPause() (time.Duration, bool) {
	return cronPause(r.started.GetCronSchedule(), r.executionTime(), r.s.now())
}
