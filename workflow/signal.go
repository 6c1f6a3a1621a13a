package workflow

import (
	"slices"
	"strings"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// signalRoom is how many signals of one name may wait to be received.
const signalRoom = 100_000

// SignalChannelOptions are the options of [GetSignalChannelWithOptions].
type SignalChannelOptions struct {
	// Description is one line that the metadata query shows.
	Description string
}

// GetSignalChannel returns the channel on which signals of this name arrive;
// it is the same channel every time. Signals that came before are in it.
func GetSignalChannel(ctx Context, signalName string) ReceiveChannel {
	r := runOf(ctx)
	r.mustMutate()
	return r.outbound.GetSignalChannel(ctx, signalName)
}

func (o rootOutbound) GetSignalChannel(ctx Context, signalName string) ReceiveChannel {
	return o.run.requestSignals(ctx, signalName, "")
}

// GetSignalChannelWithOptions is [GetSignalChannel] with options.
func GetSignalChannelWithOptions(
	ctx Context, signalName string, options SignalChannelOptions,
) ReceiveChannel {
	r := runOf(ctx)
	r.mustMutate()
	return r.outbound.GetSignalChannelWithOptions(ctx, signalName, options)
}

func (o rootOutbound) GetSignalChannelWithOptions(
	ctx Context, signalName string, options SignalChannelOptions,
) ReceiveChannel {
	return o.run.requestSignals(ctx, signalName, options.Description)
}

// requestSignals returns the channel of a signal for code that asks for it.
func (r *run) requestSignals(ctx Context, name, description string) *channel {
	for i := range r.requested {
		if r.requested[i].channel.name != name {
			continue
		}
		if description != "" {
			r.requested[i].description = description
		}
		return r.requested[i].channel
	}
	if strings.HasPrefix(name, temporalPrefix) && !strings.HasPrefix(name, streamPrefix) {
		mistake("%s is a reserved prefix: signal %q: choose another name", temporalPrefix, name)
	}
	q := &signalRequest{ctx: ctx, name: name, description: description}
	r.env.Coroutines.Watch.Help(q)
	return q.made
}

// A signalRequest is the first one for a channel: a job, as it makes much.
type signalRequest struct {
	ctx               Context
	name, description string
	made              *channel
}

// Do implements [coro.Job].
func (q *signalRequest) Do() {
	r := runOf(q.ctx)
	q.made = r.signalChannel(q.ctx, q.name)
	r.requested = append(r.requested, signalUse{channel: q.made, description: q.description})
}

// signalUse is a signal channel that code asked for.
type signalUse struct {
	channel     *channel
	description string
}

// A signalDecoder decodes signals as the context does that it is for. That is found out
// when the first one comes: many workflows wait for signals that never do.
type signalDecoder struct {
	converter.DataConverter         // nil until then
	ctx                     Context // nil from then on
}

// FromPayloads implements [converter.DataConverter].
func (d *signalDecoder) FromPayloads(payloads *commonpb.Payloads, into ...any) error {
	if d.ctx != nil {
		d.DataConverter, d.ctx = converterOf(d.ctx), nil
	}
	return d.DataConverter.FromPayloads(payloads, into...)
}

// signalChannel returns the channel of a signal, which decodes as the first
// context does that it was asked for with.
func (r *run) signalChannel(ctx Context, name string) *channel {
	at, ok := slices.BinarySearchFunc(r.signals, name, func(c *channel, name string) int {
		return strings.Compare(c.name, name)
	})
	if ok {
		return r.signals[at]
	}
	c := &channel{run: r, name: name, size: signalRoom, signal: &signalDecoder{ctx: ctx}}
	r.signals = slices.Insert(r.signals, at, c)
	return c
}

// signal puts a signal where the workflow will find it.
func (r *run) signal(s *runner.Signal) error {
	ctx, err := r.received(r.root, s.Header)
	if err != nil {
		return err
	}
	return r.inbound.HandleSignal(ctx, &SignalInput{SignalName: s.Name, Arg: s.Input})
}

// GetUnhandledSignalNames returns the names of the signals that nobody has
// received, sorted.
func GetUnhandledSignalNames(ctx Context) []string {
	r := runOf(ctx)
	var names []string
	for _, c := range r.signals {
		if c.Len() > 0 {
			names = append(names, c.name)
		}
	}
	return names
}

// warnUnhandled says in the log what a workflow left behind when it returned.
func (r *run) warnUnhandled() {
	if names := GetUnhandledSignalNames(r.root); len(names) > 0 {
		r.log().Warn("Workflow has unhandled signals", "SignalNames", strings.Join(names, ", "))
	}
}
