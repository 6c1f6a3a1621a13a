package outcomes

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// share is how often a kind is chosen.
type share struct {
	kind   Kind
	weight int
}

// retried are kinds that another attempt may follow.
func retried() []share {
	return []share{
		{Failure, 8},
		{Wrapped, 4},
		{Plain, 6},
		{Benign, 4},
		{Delayed, 4},
		{Foreign, 3},
		{Unasked, 3},
		{Panic, 6},
		{Goexit, 4},
		{Unencodable, 3},
		{FailToken, 4},
		{FailID, 4},
	}
}

// final are kinds that end an activity whatever came before.
func final() []share {
	return []share{
		{OK, 30},
		{Nothing, 6},
		{AsyncToken, 8},
		{AsyncID, 8},
		{Fatal, 8},
		{Forbidden, 4},
		{Oversized, 3},
		{Cancel, 8},
		{CancelDetails, 4},
		{Ignore, 4},
		{Spoil, 4},
		{AsyncCancel, 4},
		{Backoff, 3},
	}
}

// constant are kinds that all attempts of an activity share.
func constant() []share { return []share{{Unknown, 1}, {Mistyped, 1}} }

// timed are kinds that need a short timeout. Those of one pair go together.
func timed() [2][]share {
	return [2][]share{{{Overrun, 3}, {Late, 1}}, {{Silent, 1}, {Revived, 2}}}
}

// Kinds returns all kinds.
func Kinds() []Kind {
	var out []Kind
	pairs := timed()
	for _, list := range [][]share{retried(), final(), constant(), pairs[0], pairs[1]} {
		for _, s := range list {
			out = append(out, s.kind)
		}
	}
	return out
}

// Generate returns n plans. Equal seeds give equal plans; keys begin with prefix.
func Generate(seed uint64, n int, prefix string) []Plan {
	g := generator{rand.New(rand.NewPCG(seed, seed))} //nolint:gosec // no secret
	plans := make([]Plan, n)
	for i := range plans {
		plans[i] = g.plan(fmt.Sprintf("%s%d", prefix, i))
	}
	return plans
}

type generator struct{ *rand.Rand }

func (g generator) pick(shares []share) Kind {
	sum := 0
	for _, s := range shares {
		sum += s.weight
	}
	at := g.IntN(sum)
	for _, s := range shares {
		if at -= s.weight; at < 0 {
			return s.kind
		}
	}
	return shares[0].kind
}

func (g generator) plan(key string) Plan {
	p := Plan{Key: key}
	between, last := retried(), final()
	switch n := g.IntN(100); {
	case n < 3:
		// Nothing of these runs, so there is nothing to mix them with.
		return Plan{key, 1 + g.Int32N(3), []Step{{Do: g.pick(constant())}}}
	case n < 15:
		pair := timed()[g.IntN(2)]
		p.Steps = append(p.Steps, g.step(g.pick(pair)))
		between = append(between, share{pair[0].kind, 20}, share{pair[1].kind, 20})
		// A workflow that is slow to cancel would make the attempt late.
		last = slices.DeleteFunc(last, func(s share) bool { return s.kind.asks() })
	}
	for g.IntN(100) < 45 && len(p.Steps) < 5 {
		p.Steps = append(p.Steps, g.step(g.pick(between)))
	}
	if len(p.Steps) > 0 && g.IntN(100) < 30 {
		p.Attempts = int32(len(p.Steps)) //nolint:gosec // a handful
		return p                         // the attempts run out
	}
	p.Steps = append(p.Steps, g.step(g.pick(last)))
	if p.any(Backoff) || g.IntN(2) == 0 {
		return p // as often as it takes
	}
	p.Attempts = int32(len(p.Steps)) //nolint:gosec // a handful
	if p.short() {
		p.Attempts += 20 // load may make an attempt late
	}
	return p
}

// step adds heartbeats. Where more than one is sent, the last ones wait until the
// attempt has failed; so there are none where nobody would send them.
func (g generator) step(kind Kind) Step {
	most := 3
	switch kind {
	case Silent, Revived:
		return Step{kind, 1}
	case Overrun, Late, AsyncToken, AsyncID, AsyncCancel, FailToken, FailID:
		most = 1
	default:
	}
	if g.IntN(2) == 0 {
		return Step{Do: kind}
	}
	return Step{kind, 1 + g.IntN(most)}
}
