package histories

import (
	"slices"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// Locals are the local activities of a task that waits for them.
type Locals struct {
	// Open are those that have not ended, in order.
	Open []machine.Local
	// Canceled are the IDs of those that are to stop.
	Canceled []string
}

// awaitLocal goes on with the task when a local activity ends, or ends the task.
func (d *Driver) awaitLocal() {
	start, canceled := d.Machine.Locals()
	d.locals.Open = append(d.locals.Open, start...)
	d.locals.Canceled = append(d.locals.Canceled, canceled...)
	var r *runner.LocalResult
	if d.Local != nil {
		r = d.Local(&d.locals)
	}
	if r == nil {
		d.Machine.Heartbeat()
		return
	}
	d.locals.Open = slices.DeleteFunc(d.locals.Open, func(l machine.Local) bool { return l.ID == r.ID })
	d.Machine.EndLocal(r)
}

// Decode reads one value.
func Decode(p *commonpb.Payloads, v any) error {
	return converter.GetDefaultDataConverter().FromPayloads(p, v)
}
