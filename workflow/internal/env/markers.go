package env

import (
	"errors"
	"fmt"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	sdkpb "go.temporal.io/api/sdk/v1"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// The names of markers, and the keys of their details.
const (
	versionMarker  = "Version"
	changeIDKey    = "change-id"
	versionKey     = "version"
	upsertedKey    = "version-search-attribute-updated"
	sideEffectMark = "SideEffect"
	sideEffectKey  = "side-effect-id"
	dataKey        = "data"
	mutableMarker  = "MutableSideEffect"
	callKey        = "mutable-side-effect-call-counter"
)

var (
	errNoDetails     = errors.New("marker details are nil")
	errNoKey         = errors.New("marker key is missing in details")
	errUnknownMarker = errors.New("unknown marker name")
)

// LoadMarkers takes note of what the task that begins has recorded, so that
// code which asks for it gets it, wherever in the task it asks.
func (e *Env) LoadMarkers(markers []runner.Marker) error {
	e.versions.begin()
	e.mutables.begin()
	for _, m := range markers {
		if err := e.load(m); err != nil {
			return fmt.Errorf("marker name %q for eventId %d: %w", m.Attributes.GetMarkerName(), m.EventID, err)
		}
	}
	return nil
}

func (e *Env) load(m runner.Marker) error {
	details := m.Attributes.GetDetails()
	if details == nil {
		return errNoDetails
	}
	switch m.Attributes.GetMarkerName() {
	case versionMarker:
		return e.loadVersion(m, details)
	case sideEffectMark:
		return e.loadSideEffect(details)
	case mutableMarker:
		return e.loadMutable(details)
	default:
		return errUnknownMarker
	}
}

// detail decodes a detail of a marker.
func (e *Env) detail(details map[string]*commonpb.Payloads, key string, into ...any) error {
	p, ok := details[key]
	if !ok {
		return fmt.Errorf("key %q: %w", key, errNoKey)
	}
	if err := e.DataConverter.FromPayloads(p, into...); err != nil {
		return fmt.Errorf("key %q: %w", key, err)
	}
	return nil
}

// record makes the command of a marker.
func (e *Env) record(name string, details map[string]*commonpb.Payloads, meta *sdkpb.UserMetadata) {
	e.Emit(&commandpb.Command{
		CommandType:  enumspb.COMMAND_TYPE_RECORD_MARKER,
		UserMetadata: meta,
		Attributes: &commandpb.Command_RecordMarkerCommandAttributes{
			RecordMarkerCommandAttributes: &commandpb.RecordMarkerCommandAttributes{
				MarkerName: name, Details: details,
			},
		},
	})
}

// encoded encodes what belongs into a marker; what cannot be encoded fails the
// task.
func (e *Env) encoded(values ...any) *commonpb.Payloads {
	p, err := e.Encode(e.DataConverter, values...)
	if err != nil {
		Fail(err)
	}
	return p
}
