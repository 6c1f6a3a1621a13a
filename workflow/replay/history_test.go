package replay_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/workflow/replay"
)

func TestFormsOfJSON(t *testing.T) {
	h := protoOf(record(t, 3))
	short := jsonOf(t, record(t, 3))
	long, err := protojson.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	camel := strings.NewReplacer(
		"EVENT_TYPE_WORKFLOW_EXECUTION_STARTED", "WorkflowExecutionStarted",
		"EVENT_TYPE_TIMER_FIRED", "TimerFired",
	).Replace(string(long))
	var object struct{ Events []json.RawMessage }
	if err := json.Unmarshal(long, &object); err != nil {
		t.Fatal(err)
	}
	array, err := json.Marshal(object.Events)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"as the api module writes it": string(short),
		"protojson":                   string(long),
		"camel case":                  camel,
		"an array":                    string(array),
		"a mark and space":            "\xef\xbb\xbf \n" + string(long) + "\n",
		"one after another":           string(bytes.Join(raw(object.Events), []byte("\n"))),
		"an answer of the HTTP API":   `{"history":` + string(long) + `,"nextPageToken":""}`,
		"with what is not known yet":  strings.Replace(string(long), `{"events"`, `{"more":{"new":1},"events"`, 1),
	} {
		got, err := replay.HistoryFromJSON(strings.NewReader(text), 0)
		if err != nil || !proto.Equal(got, h) {
			t.Errorf("%s: not read as it was written: %v", name, err)
		}
	}
}

func raw(all []json.RawMessage) (out [][]byte) {
	for _, m := range all {
		out = append(out, m)
	}
	return out
}

func TestLastEventID(t *testing.T) {
	text := string(jsonOf(t, record(t, 3)))
	for last, want := range map[int64]int{0: 16, 1: 1, 5: 5, 16: 16, 99: 16} {
		h, err := replay.HistoryFromJSON(strings.NewReader(text), last)
		if err != nil || len(h.GetEvents()) != want {
			t.Errorf("up to %d: %d events, %v, want %d", last, len(h.GetEvents()), err, want)
		}
	}
}

func TestNoHistory(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "no events",
		"events":                           "it is no JSON",
		"7":                                "no events",
		`{"workflowId":"x"}`:               "no events",
		`{"events":[]}{"events":[]}`:       "there is more after its end",
		`{"events":[{"eventId":"seven"}]}`: "seven",
		`{"events":`:                       "it is no JSON",
	} {
		_, err := replay.HistoryFromJSON(strings.NewReader(text), 0)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
	if _, err := replay.HistoryFromFile(filepath.Join(t.TempDir(), "none.json"), 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	broken := filepath.Join(t.TempDir(), "broken.json")
	if err := os.WriteFile(broken, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := replay.HistoryFromFile(broken, 0); err == nil || !strings.HasPrefix(err.Error(), broken) {
		t.Errorf("the error of a broken file does not name it: %v", err)
	}
}

func FuzzHistoryFromJSON(f *testing.F) {
	f.Add([]byte(`{"events":[{"eventId":"1","eventType":"WorkflowExecutionStarted"}]}`))
	f.Add([]byte(`[{"eventId":1}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := replay.HistoryFromJSON(bytes.NewReader(text), 0)
		if err == nil {
			_ = replayerOf(t, Order).ReplayWorkflowHistory(nil, h) // must not panic
		}
	})
}
