package env

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	commonpb "go.temporal.io/api/common/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
)

// sideEffects are numbered, and those that history has wait for the code to
// come to them.
type sideEffects struct {
	last    int64
	results map[int64]*commonpb.Payloads
}

func (e *Env) loadSideEffect(details map[string]*commonpb.Payloads) error {
	var id int64
	if err := e.detail(details, sideEffectKey, &id); err != nil {
		return err
	}
	result, ok := details[dataKey]
	if !ok {
		return fmt.Errorf("key %q: %w", dataKey, errNoKey)
	}
	if e.sideEffects.results == nil {
		e.sideEffects.results = make(map[int64]*commonpb.Payloads)
	}
	e.sideEffects.results[id] = result
	return nil
}

// SideEffect records what f returns; in replay f is not called, and what was
// recorded is returned. An error is that of f; nothing is recorded then.
func (e *Env) SideEffect(
	f func() (*commonpb.Payloads, error), meta *sdkpb.UserMetadata,
) (*commonpb.Payloads, error) {
	s := &e.sideEffects
	s.last++
	id := s.last
	result, ok := s.results[id]
	switch {
	case !e.Replaying:
		var err error
		if result, err = f(); err != nil {
			return nil, err
		}
	case ok:
		delete(s.results, id)
	default:
		Mismatch(fmt.Sprintf("[TMPRL1100] No cached result found for side effectID=%d. KnownSideEffects=%v",
			id, slices.Sorted(maps.Keys(s.results))))
	}
	e.record(sideEffectMark, map[string]*commonpb.Payloads{
		sideEffectKey: e.encoded(id), dataKey: result,
	}, meta)
	return result, nil
}

// mutables are the values that are recorded when they change.
type mutables struct {
	byID map[string]*mutable
	// recorded are the ids of the markers of the current task.
	recorded map[string]bool
}

func (ms *mutables) begin() { clear(ms.recorded) }

// A mutable is one such value: how often it was asked for, and what it was from
// which call on, in the order of calls.
type mutable struct {
	calls  int
	values []valueFrom
}

type valueFrom struct {
	call  int
	value *commonpb.Payloads
}

func (ms *mutables) of(id string) *mutable {
	m, ok := ms.byID[id]
	if !ok {
		if ms.byID == nil {
			ms.byID = make(map[string]*mutable)
		}
		m = &mutable{}
		ms.byID[id] = m
	}
	return m
}

// set makes value that of m from a call on.
func (m *mutable) set(call int, value *commonpb.Payloads) {
	i, found := slices.BinarySearchFunc(m.values, call, func(v valueFrom, call int) int { return v.call - call })
	if found {
		m.values[i].value = value
		return
	}
	m.values = slices.Insert(m.values, i, valueFrom{call, value})
}

// current returns the value of m at this call, nil if there is none yet, and
// forgets those before it.
func (m *mutable) current() *commonpb.Payloads {
	n := 0
	for n < len(m.values) && m.values[n].call <= m.calls {
		n++
	}
	if n == 0 {
		return nil
	}
	m.values = slices.Delete(m.values, 0, n-1)
	return m.values[0].value
}

func (e *Env) loadMutable(details map[string]*commonpb.Payloads) error {
	var marker, id string
	if err := e.detail(details, sideEffectKey, &marker); err != nil {
		return err
	}
	var value commonpb.Payloads
	if err := e.detail(details, dataKey, &id, &value); err != nil {
		return err
	}
	m := e.mutables.of(id)
	call := m.calls // old releases did not record it: of several values in one task the last counts
	if _, ok := details[callKey]; ok {
		if err := e.detail(details, callKey, &call); err != nil {
			return err
		}
	}
	m.set(call, &value)
	if e.mutables.recorded == nil {
		e.mutables.recorded = make(map[string]bool)
	}
	e.mutables.recorded[marker] = true
	return nil
}

// MutableSideEffect returns the value of id. Live, next is given the value so
// far, nil if there is none, and returns a new one to be recorded, or false if
// nothing has changed.
func (e *Env) MutableSideEffect(
	id string, next func(old *commonpb.Payloads) (*commonpb.Payloads, bool), meta *sdkpb.UserMetadata,
) *commonpb.Payloads {
	m := e.mutables.of(id)
	m.calls++
	value := m.current()
	switch {
	case !e.Replaying:
		changed, ok := next(value)
		if !ok {
			return value
		}
		value = changed
	case value == nil:
		Mismatch("[TMPRL1100] Non deterministic workflow code change detected. MutableSideEffect API call " +
			"doesn't have a correspondent event in the workflow history. MutableSideEffect ID: " + id)
	case !e.mutables.recorded[e.mutableID(id)]:
		return value // it had not changed
	}
	e.record(mutableMarker, map[string]*commonpb.Payloads{
		sideEffectKey: e.encoded(e.mutableID(id)),
		dataKey:       e.encoded(id, value),
		callKey:       e.encoded(m.calls),
	}, meta)
	m.set(m.calls, value)
	return value
}

// mutableID names the marker that would be recorded now.
func (e *Env) mutableID(id string) string {
	return id + "_" + strconv.FormatInt(e.PeekID(), 10)
}
