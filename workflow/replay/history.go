package replay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
)

// HistoryFromJSON reads a history as the Temporal CLI and UI write it, with
// enumeration values in either spelling and payloads in either form: an object
// with its events, an array of events, one event after another, or the answer
// of the server's HTTP API. What this release does not know is left out. If
// lastEventID is not zero, so are the events after that one.
func HistoryFromJSON(r io.Reader, lastEventID int64) (*historypb.History, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	text, err = eventsOf(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	var h historypb.History
	if err := (temporalproto.CustomJSONUnmarshalOptions{DiscardUnknown: true}).Unmarshal(text, &h); err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	if lastEventID > 0 {
		n := 0
		for n < len(h.Events) && h.Events[n].GetEventId() <= lastEventID {
			n++
		}
		h.Events = h.Events[:n]
	}
	return &h, nil
}

// HistoryFromFile is [HistoryFromJSON] of a file.
func HistoryFromFile(name string, lastEventID int64) (*historypb.History, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	h, err := HistoryFromJSON(f, lastEventID)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return h, nil
}

var errNoEvents = errors.New(`no events: want an object with "events", as the Temporal CLI and UI write it`)

// eventsOf brings the text of a history into the form of the message.
func eventsOf(text []byte) ([]byte, error) {
	var values []json.RawMessage
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var v json.RawMessage
		err := d.Decode(&v)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("it is no JSON: %w", err)
		}
		values = append(values, v)
	}
	if len(values) == 0 {
		return nil, errNoEvents
	}
	first := values[0]
	var probe struct {
		Events  json.RawMessage `json:"events"`
		History json.RawMessage `json:"history"`
		EventID json.RawMessage `json:"eventId"`
	}
	switch {
	case first[0] == '[' && len(values) == 1:
		return wrapped(first), nil
	case first[0] != '{' || json.Unmarshal(first, &probe) != nil:
		return nil, errNoEvents
	case probe.EventID != nil:
		all, err := json.Marshal(values)
		return wrapped(all), err
	case len(values) > 1:
		return nil, errors.New("there is more after its end: want one history in a file")
	case probe.Events != nil:
		return first, nil
	case probe.History != nil:
		return probe.History, nil
	default:
		return nil, errNoEvents
	}
}

func wrapped(events []byte) []byte {
	return append(append([]byte(`{"events":`), events...), '}')
}
