package compat

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/integration/scenarios"
)

// Lines are the histories of a story as text, an event a line, without what no
// two runs have in common: times, the ids of runs and requests, the queue, and
// who worked.
func (s Story) Lines() []string {
	var lines []string
	ids := make(map[string]string)
	for n, h := range s.Histories {
		lines = append(lines, fmt.Sprintf("history %d", n+1))
		queue := h.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetTaskQueue().GetName()
		for _, e := range h.GetEvents() {
			lines = append(lines, number(strings.ReplaceAll(eventText(e), queue, "<queue>"), ids))
		}
	}
	return append(lines, s.Notes...)
}

// eventText is an event without what is never equal.
func eventText(e *historypb.HistoryEvent) string {
	replayTime := regexp.MustCompile(`"ReplayTime":"[^"]*",?`)
	c := proto.CloneOf(e)
	withoutSpaces(c.ProtoReflect())
	if a := c.GetWorkflowTaskScheduledEventAttributes(); a != nil {
		a.TaskQueue = nil // which one depends on whether the worker has polled the sticky one by now
	}
	if a := c.GetWorkflowTaskStartedEventAttributes(); a != nil {
		a.RequestId = "" // which may be that of the answer to the task before
	}
	if m := c.GetWorkflowTaskCompletedEventAttributes().GetSdkMetadata(); m != nil {
		slices.Sort(m.LangUsedFlags) // the SDK sends them in any order
		m.SdkName, m.SdkVersion = "", ""
	}
	if a := c.GetWorkflowTaskCompletedEventAttributes(); a.GetMeteringMetadata().GetNonfirstLocalActivityExecutionAttempts() == 0 && a != nil {
		a.MeteringMetadata = nil // nothing is what it says too
	}
	for _, part := range c.GetMarkerRecordedEventAttributes().GetDetails()["data"].GetPayloads() {
		part.Data = replayTime.ReplaceAll(part.GetData(), nil)
	}
	if a := c.GetWorkflowExecutionStartedEventAttributes(); a.GetContinuedExecutionRunId() != "" {
		a.FirstWorkflowTaskBackoff = nil // what is left of the time from one run to the next
	}
	if p := c.GetUpsertWorkflowSearchAttributesEventAttributes().GetSearchAttributes().
		GetIndexedFields()["TemporalChangeVersion"]; p != nil {
		p.Data = sortVersions(p.GetData())
	}
	return scenarios.Message(c, "eventTime", "taskId", "workerVersion", "binaryChecksum", "historySizeBytes",
		"workflowExecutionExpirationTime", "buildId", "createTime", "expireTime",
		"stackTrace", "source") // of failures, which say where they come from
}

// sortVersions orders the versions that the SDK writes in the order of a map.
func sortVersions(list []byte) []byte {
	var versions []string
	if err := json.Unmarshal(list, &versions); err != nil || len(versions) == 0 {
		return list
	}
	slices.Sort(versions[1:]) // the first is the newest
	return []byte(asJSON(versions))
}

// number replaces each UUID by its number in the order of appearance.
func number(line string, ids map[string]string) string {
	uuid := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	return uuid.ReplaceAllStringFunc(line, func(id string) string {
		if ids[id] == "" {
			ids[id] = fmt.Sprintf("<id %d>", len(ids)+1)
		}
		return ids[id]
	})
}

// Differences are what the second story has otherwise than the first, a line each
// time; empty if they are the same.
func Differences(want, got Story) string {
	a, b := want.Lines(), got.Lines()
	var out strings.Builder
	for i := range max(len(a), len(b)) {
		w, g := "nothing", "nothing"
		if i < len(a) {
			w = a[i]
		}
		if i < len(b) {
			g = b[i]
		}
		if w != g {
			fmt.Fprintf(&out, "-%s\n+%s\n", w, g)
		}
	}
	return out.String()
}
