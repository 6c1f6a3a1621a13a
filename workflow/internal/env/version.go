package env

import (
	"fmt"
	"slices"
	"strconv"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

const (
	// defaultVersion is that of code from before a change had versions.
	defaultVersion = -1
	// ChangeVersion is the search attribute that holds the versions of a run.
	ChangeVersion = "TemporalChangeVersion"
	// changeVersionLimit is how many bytes of it a server takes.
	changeVersionLimit = 2048
)

// versions are what a run has decided on, once and for all.
type versions struct {
	byID  map[string]int
	order []string // the ids of the changes, as they became known
	// skip is how many events the markers of the current task took, by their own
	// event: replay makes no commands for them, and goes past their ids.
	skip map[int64]int64
	// upserts go with the markers of the current task, by the ids of changes.
	upserts map[string]*commonpb.SearchAttributes
}

func (vs *versions) begin() {
	clear(vs.skip)
	clear(vs.upserts)
}

func (vs *versions) set(changeID string, version int) {
	if vs.byID == nil {
		vs.byID = make(map[string]int)
	}
	if _, ok := vs.byID[changeID]; !ok {
		vs.order = append(vs.order, changeID)
	}
	vs.byID[changeID] = version
}

func (e *Env) loadVersion(m runner.Marker, details map[string]*commonpb.Payloads) error {
	var changeID string
	var version int
	if err := e.detail(details, changeIDKey, &changeID); err != nil {
		return err
	}
	if err := e.detail(details, versionKey, &version); err != nil {
		return err
	}
	upserted := true
	if _, ok := details[upsertedKey]; ok { // few releases wrote it when it was true
		if err := e.detail(details, upsertedKey, &upserted); err != nil {
			return err
		}
	}
	e.versions.set(changeID, version)
	if e.versions.skip == nil {
		e.versions.skip = make(map[int64]int64)
		e.versions.upserts = make(map[string]*commonpb.SearchAttributes)
	}
	e.versions.upserts[changeID] = m.SearchAttributes
	e.versions.skip[m.EventID] = 1
	if upserted {
		e.versions.skip[m.EventID] = 2
	}
	return nil
}

// skipVersions moves the next id past those of version markers in history.
func (e *Env) skipVersions() {
	for len(e.versions.skip) > 0 {
		n, ok := e.versions.skip[e.next]
		if !ok {
			return
		}
		delete(e.versions.skip, e.next)
		e.next += n
	}
}

// Version returns the version that the run has of a change. The first live call
// decides, by choose; the first call in replay of what was not recorded finds code from
// before the change.
func (e *Env) Version(changeID string, oldest, newest int, choose func() int) int {
	v, known := e.versions.byID[changeID]
	switch {
	case known:
		// Replay gets to where it was decided: what was upserted is to be seen there.
		if upsert, ok := e.versions.upserts[changeID]; ok {
			e.SearchAttributesUpserted(upsert)
			delete(e.versions.upserts, changeID)
		}
	case e.Replaying:
		v = defaultVersion
	default:
		v = choose()
		e.recordVersion(changeID, v)
	}
	switch {
	case v < oldest:
		Mismatch(fmt.Sprintf("[TMPRL1100] Workflow code removed support of version %d. "+
			"for \"%s\" changeID. The oldest supported version is %d", v, changeID, oldest))
	case v > newest:
		Mismatch(fmt.Sprintf("[TMPRL1100] Workflow code is too old to support version %d "+
			"for \"%s\" changeID. The maximum supported version is %d", v, changeID, newest))
	}
	if !known {
		e.versions.set(changeID, v)
	}
	return v
}

// recordVersion writes down that the run has this version, and lets people
// search for it unless there is too much to be searched.
func (e *Env) recordVersion(changeID string, version int) {
	tag := func(id string, v int) string { return id + "-" + strconv.Itoa(v) }
	all := []string{tag(changeID, version)}
	for _, id := range slices.Backward(e.versions.order) {
		all = append(all, tag(id, e.versions.byID[id]))
	}
	attribute, err := converter.GetDefaultDataConverter().ToPayload(all)
	if err != nil {
		Fail(err) // strings can always be encoded
	}
	details := map[string]*commonpb.Payloads{
		changeIDKey: e.encoded(changeID), versionKey: e.encoded(version),
	}
	tooLarge := e.TryUse(LimitChangeVersionSize) && len(attribute.GetData()) >= changeVersionLimit
	if tooLarge {
		e.Logger().Warn("Search attribute "+ChangeVersion+" would exceed the size that servers take: "+
			"runs with this version cannot be searched for", "ChangeVersion", tag(changeID, version))
		details[upsertedKey] = e.encoded(false)
	}
	e.record(versionMarker, details, nil)
	if !tooLarge {
		e.UpsertSearchAttributes(&commonpb.SearchAttributes{
			IndexedFields: map[string]*commonpb.Payload{ChangeVersion: attribute},
		})
	}
}
