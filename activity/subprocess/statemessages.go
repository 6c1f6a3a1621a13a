package subprocess

import (
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
)

// about says what a note is about.
type about uint64

const (
	aboutHeartbeat about = iota + 1 // from the activity: one
	aboutStatus                     // from the activity: what has become of them?
	aboutTaken                      // from the worker: the heartbeat was dealt with
	aboutTold                       // from the worker: the status
	aboutCancel                     // from the worker: the context is done
	aboutStop                       // from the worker: it begins to stop
)

// note is a message between the halves of [SharedState].
type note struct {
	about   about
	details *commonpb.Payloads
	cause   *failed
	status  activity.HeartbeatStatus
}

func (m *note) marshal() ([]byte, error) {
	var w writer
	w.num(1, uint64(m.about))
	if err := w.message(2, m.details); err != nil {
		return nil, err
	}
	for field, f := range map[protowire.Number]*failed{3: m.cause, 6: sendable(m.status.Err)} {
		if f == nil {
			continue
		}
		b, err := f.marshal()
		if err != nil {
			return nil, err
		}
		w.bytes(field, b)
	}
	w.signed(4, nano(m.status.Sent))
	w.signed(5, nano(m.status.Next))
	w.flag(7, m.status.Waiting)
	return w.b, nil
}

func (m *note) unmarshal(body []byte) error {
	return scan(body, func(field int32, v value) error {
		switch field {
		case 1:
			m.about = about(v.n)
		case 2:
			m.details = new(commonpb.Payloads)
			return v.into(m.details)
		case 3:
			m.cause = new(failed)
			return m.cause.unmarshal(v.b)
		case 4:
			m.status.Sent = moment(v.signed())
		case 5:
			m.status.Next = moment(v.signed())
		case 6:
			var f failed
			if err := f.unmarshal(v.b); err != nil {
				return err
			}
			m.status.Err = f.receive(nil, temporal.GetDefaultFailureConverter())
		case 7:
			m.status.Waiting = v.flag()
		}
		return nil
	})
}

// sendable prepares an error of a worker for the way, nil for none.
func sendable(err error) *failed {
	if err == nil {
		return nil
	}
	return send(err, nil, temporal.GetDefaultFailureConverter())
}

// nano is a time as a number, 0 for none.
func nano(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func moment(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n)
}

// A sender sends one half's messages to the other.
type sender func(message []byte) error

func (s sender) note(m *note) error {
	body, err := m.marshal()
	if err != nil {
		return err
	}
	return s(body)
}
