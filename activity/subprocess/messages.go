package subprocess

import (
	"encoding/json"
	"log/slog"
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
)

// protocol is the version of all messages. Executor and child are the same program, so that it
// only tells a program that calls itself from one that does not.
const protocol = 1

// hello is what a child says first.
type hello struct {
	protocol   uint64
	middleware bool // it has some
}

func (m *hello) marshal() []byte {
	var w writer
	w.num(1, m.protocol)
	w.flag(2, m.middleware)
	return w.b
}

func (m *hello) unmarshal(body []byte) error {
	return scan(body, func(field int32, v value) error {
		switch field {
		case 1:
			m.protocol = v.n
		case 2:
			m.middleware = v.flag()
		}
		return nil
	})
}

// callMessage is one call on its way to a child.
type callMessage struct {
	id       uint64
	typ      string
	input    *commonpb.Payloads
	header   *commonpb.Header
	info     activity.Info
	details  *commonpb.Payloads // of heartbeats, of an earlier attempt
	bounded  bool               // there is a deadline
	left     time.Duration      // until then
	stopping bool               // the worker
	level    slog.Level         // below which lines are dropped
	mute     bool               // nobody wants metrics
}

func (m *callMessage) marshal() ([]byte, error) {
	var w writer
	w.num(1, m.id)
	w.text(2, m.typ)
	if err := w.message(3, m.input); err != nil {
		return nil, err
	}
	if err := w.message(4, m.header); err != nil {
		return nil, err
	}
	info, err := json.Marshal(m.info)
	if err != nil {
		return nil, err
	}
	w.bytes(5, info)
	if err := w.message(6, m.details); err != nil {
		return nil, err
	}
	w.flag(7, m.bounded)
	w.signed(8, int64(m.left))
	w.flag(9, m.stopping)
	w.signed(10, int64(m.level))
	w.flag(11, m.mute)
	return w.b, nil
}

func (m *callMessage) unmarshal(body []byte) error {
	return scan(body, func(field int32, v value) error {
		switch field {
		case 1:
			m.id = v.n
		case 2:
			m.typ = v.text()
		case 3:
			m.input = new(commonpb.Payloads)
			return v.into(m.input)
		case 4:
			m.header = new(commonpb.Header)
			return v.into(m.header)
		case 5:
			return json.Unmarshal(v.b, &m.info)
		case 6:
			m.details = new(commonpb.Payloads)
			return v.into(m.details)
		case 7:
			m.bounded = v.flag()
		case 8:
			m.left = v.long()
		case 9:
			m.stopping = v.flag()
		case 10:
			m.level = slog.Level(v.signed())
		case 11:
			m.mute = v.flag()
		}
		return nil
	})
}

// resultMessage is how a call ended: with a result, which may be nil, or with an error.
type resultMessage struct {
	id     uint64
	result *commonpb.Payloads
	failed *failed
}

func (m *resultMessage) marshal() ([]byte, error) {
	var w writer
	w.num(1, m.id)
	if err := w.message(2, m.result); err != nil {
		return nil, err
	}
	if m.failed != nil {
		failed, err := m.failed.marshal()
		if err != nil {
			return nil, err
		}
		w.bytes(3, failed)
	}
	return w.b, nil
}

func (m *resultMessage) unmarshal(body []byte) error {
	return scan(body, func(field int32, v value) error {
		switch field {
		case 1:
			m.id = v.n
		case 2:
			m.result = new(commonpb.Payloads)
			return v.into(m.result)
		case 3:
			m.failed = new(failed)
			return m.failed.unmarshal(v.b)
		}
		return nil
	})
}

// stateMessage is a message of the shared state of a call.
type stateMessage struct {
	id   uint64
	body []byte
}

func (m *stateMessage) marshal() []byte {
	var w writer
	w.num(1, m.id)
	w.bytes(2, m.body)
	return w.b
}

func (m *stateMessage) unmarshal(body []byte) error {
	return scan(body, func(field int32, v value) error {
		switch field {
		case 1:
			m.id = v.n
		case 2:
			m.body = v.b
		}
		return nil
	})
}
