package env

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// seedDomain keeps seeds of streams apart from other uses of the same hash. It
// is part of what makes the numbers those of the official Go SDK.
const seedDomain = "temporal.sdk.random.v1"

// A Random is a source of numbers that are the same in replay.
type Random struct{ source *rand.ChaCha8 }

// Read fills p. It never fails.
func (r *Random) Read(p []byte) (int, error) { return r.source.Read(p) }

// Uint64 reads eight bytes, so that numbers and bytes come from one sequence.
func (r *Random) Uint64() uint64 {
	var b [8]byte
	_, _ = r.source.Read(b[:]) // never fails
	return binary.LittleEndian.Uint64(b[:])
}

func (e *Env) seed(name string) [sha256.Size]byte {
	return sha256.Sum256([]byte(seedDomain + "\x00" + e.SeedRunID + "\x00" + name))
}

// Random returns the source of a name: the same one every time.
func (e *Env) Random(name string) *Random {
	if r, ok := e.randoms[name]; ok {
		return r
	}
	if e.randoms == nil {
		e.randoms = make(map[string]*Random)
	}
	r := &Random{rand.NewChaCha8(e.seed(name))}
	e.randoms[name] = r
	return r
}

// Reset makes the run a copy of another: what it draws from now on is its own.
func (e *Env) Reset(runID string) {
	e.SeedRunID = runID
	for name, r := range e.randoms {
		r.source.Seed(e.seed(name)) // in place: code may hold on to it
	}
}
