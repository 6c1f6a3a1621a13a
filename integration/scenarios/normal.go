package scenarios

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
)

// eventText is an event as text, without what no two servers have in common.
func eventText(e *historypb.HistoryEvent) string {
	c, ok := proto.Clone(e).(*historypb.HistoryEvent)
	if !ok {
		return ""
	}
	c.EventTime, c.TaskId, c.Version = nil, 0, 0
	if a := c.GetWorkflowTaskStartedEventAttributes(); a != nil {
		a.HistorySizeBytes = 0
	}
	if a := c.GetWorkflowExecutionStartedEventAttributes(); a.GetWorkflowExecutionExpirationTime() != nil {
		a.WorkflowExecutionExpirationTime.Seconds, a.WorkflowExecutionExpirationTime.Nanos = 0, 0
	}
	if a := c.GetWorkflowExecutionStartedEventAttributes(); a.GetContinuedExecutionRunId() != "" {
		// Short ones are what is left of a second when the run before has ended.
		pause := max(1, math.Ceil(a.GetFirstWorkflowTaskBackoff().AsDuration().Seconds()))
		a.FirstWorkflowTaskBackoff = durationpb.New(time.Duration(pause) * time.Second)
	}
	if a := c.GetMarkerRecordedEventAttributes(); a.GetMarkerName() == "LocalActivity" {
		delete(a.Details, "data") // it has the time
	}
	drop(c.ProtoReflect(), []string{"stackTrace", "createTime", "expireTime"}) // the first has addresses
	if m := c.GetWorkflowTaskCompletedEventAttributes().GetSdkMetadata(); m != nil {
		slices.Sort(m.LangUsedFlags) // the SDK sends them in any order
	}
	return text(c)
}

// detailText is a detail of an error: its type and what is in it.
func detailText(detail *anypb.Any) string {
	m, err := detail.UnmarshalNew()
	if err != nil {
		return detail.GetTypeUrl() + ": " + err.Error()
	}
	return string(m.ProtoReflect().Descriptor().FullName()) + " " + text(m)
}

// text is a message as JSON of one form: protojson's own varies on purpose.
func text(m proto.Message) string {
	b, err := protojson.MarshalOptions{}.Marshal(m)
	if err != nil {
		return err.Error()
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return err.Error()
	}
	if b, err = json.Marshal(v); err != nil {
		return err.Error()
	}
	return string(b)
}

// Message is a message as text for a note, without the fields that are named by
// their JSON names, at any depth.
func Message(m proto.Message, without ...string) string {
	c := proto.Clone(m)
	drop(c.ProtoReflect(), without)
	return text(c)
}

// drop clears fields of the message and of those in it.
func drop(m protoreflect.Message, names []string) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		for _, name := range names {
			if f.JSONName() == name {
				m.Clear(f)
				return true
			}
		}
		switch {
		case f.IsMap():
		case f.IsList() && f.Message() != nil:
			for i := range v.List().Len() {
				drop(v.List().Get(i).Message(), names)
			}
		case f.Message() != nil && !f.IsList():
			drop(v.Message(), names)
		}
		return true
	})
}

// normalize makes random ids comparable: each is replaced by its number in the
// order of appearance. Queues of workers are made of such ids and host names.
func normalize(lines []string) []string {
	stickyQueue := regexp.MustCompile(`"name":"[^"]*:[0-9a-f-]{36}"`)
	uuid := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	// A UUID inside JSON inside a payload is base64: those are not compared.
	terminated := regexp.MustCompile(`"data":"InRlcm1pbmF0ZWQgYnkgbmV3IHJ1bklEO[^"]*"`)
	seen := make(map[string]string)
	number := func(id string) string {
		if seen[id] == "" {
			seen[id] = fmt.Sprintf("<id %d>", len(seen)+1)
		}
		return seen[id]
	}
	out := make([]string, 0, len(lines))
	for line := range strings.Lines(strings.Join(lines, "\n")) {
		line = strings.TrimSuffix(line, "\n")
		line = stickyQueue.ReplaceAllString(line, `"name":"<sticky>"`)
		line = terminated.ReplaceAllString(line, `"data":"<terminated by>"`)
		out = append(out, uuid.ReplaceAllStringFunc(line, number))
	}
	return out
}
