package activity_test

import (
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/activity"
)

func TestInfoBound(t *testing.T) {
	const one, whole = enumspb.TIMEOUT_TYPE_START_TO_CLOSE, enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE
	scheduled := time.Unix(1000, 0)
	for name, tt := range map[string]struct {
		oneAttempt, all time.Duration
		started         time.Time
		limit           time.Duration
		by              enumspb.TimeoutType
	}{
		"no timeout":              {started: scheduled},
		"one attempt":             {oneAttempt: time.Minute, started: scheduled, limit: time.Minute, by: one},
		"all attempts":            {all: time.Hour, started: scheduled, limit: time.Hour, by: whole},
		"what others have left":   {all: time.Hour, started: scheduled.Add(time.Minute), limit: 59 * time.Minute, by: whole},
		"the shorter, one":        {time.Minute, time.Hour, scheduled.Add(time.Minute), time.Minute, one},
		"the shorter, all":        {time.Minute, time.Hour, scheduled.Add(time.Hour - time.Second), time.Second, whole},
		"both at once":            {time.Minute, time.Hour, scheduled.Add(59 * time.Minute), time.Minute, one},
		"a clock that went back":  {all: time.Hour, started: scheduled.Add(-time.Minute), limit: time.Hour, by: whole},
		"a start that is unknown": {all: time.Hour, limit: time.Hour, by: whole},
	} {
		t.Run(name, func(t *testing.T) {
			limit, by, bounded := activity.Info{
				StartToCloseTimeout: tt.oneAttempt, ScheduleToCloseTimeout: tt.all,
				ScheduledTime: scheduled, StartedTime: tt.started,
			}.Bound()
			if limit != tt.limit || by != tt.by || bounded != (tt.limit > 0) {
				t.Errorf("got %v by %v, bounded %v, want %v by %v", limit, by, bounded, tt.limit, tt.by)
			}
		})
	}
}
