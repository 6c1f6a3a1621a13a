package service

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// threshold is the percentage from which on a ramp has a workflow, by its id: the
// server hashes ids with the 32-bit fingerprint of FarmHash.
func threshold(workflowID string) float64 {
	return 100 * (float64(fingerprint([]byte(workflowID))) / (math.MaxUint32 + 1))
}

// The constants of FarmHash, which are those of MurmurHash3.
const (
	farm1 = 0xcc9e2d51
	farm2 = 0x1b873593
	farm3 = 0xe6546b64
)

func rotate(x uint32, by int) uint32 { return bits.RotateLeft32(x, -by) }

// finalMix makes every bit depend on every other.
func finalMix(h uint32) uint32 {
	h ^= h >> 16
	h *= 0x85ebca6b
	h ^= h >> 13
	h *= 0xc2b2ae35
	return h ^ h>>16
}

// scatter spreads the bits of a word.
func scatter(a uint32) uint32 { return rotate(a*farm1, 17) * farm2 }

// stir mixes a word that is scattered into a hash.
func stir(a, h uint32) uint32 { return rotate(h^a, 19)*5 + farm3 }

func mix(a, h uint32) uint32 { return stir(scatter(a), h) }

// fingerprint is FarmHash's Fingerprint32.
func fingerprint(s []byte) uint32 {
	n := len(s)
	length := uint32(n) //nolint:gosec // ids are short
	at := func(i int) uint32 { return binary.LittleEndian.Uint32(s[i:]) }
	switch {
	case n <= 4:
		b, c := uint32(0), uint32(9)
		for _, v := range s {
			b = b*farm1 + uint32(int8(v)) //nolint:gosec // bytes are signed there
			c ^= b
		}
		return finalMix(mix(b, mix(length, c)))
	case n <= 12:
		a, b, c := length+at(0), length*5+at(n-4), 9+at(n>>1&4)
		return finalMix(mix(c, mix(b, mix(a, length*5))))
	case n <= 24:
		a, b, c, d, e, f := at(n>>1-4), at(4), at(n-8), at(n>>1), at(0), at(n-4)
		h := d*farm1 + length
		a = rotate(a, 12) + f
		h = mix(c, h) + a
		a = rotate(a, 3) + c
		h = mix(e, h) + a
		a = rotate(a+f, 12) + d
		return finalMix(mix(b, h) + a)
	default:
		return longFingerprint(s, length, at)
	}
}

func longFingerprint(s []byte, length uint32, at func(int) uint32) uint32 {
	n := len(s)
	h, g := length, farm1*length
	f := g
	h = stir(scatter(at(n-16)), stir(scatter(at(n-4)), h))
	g = stir(scatter(at(n-12)), stir(scatter(at(n-8)), g))
	f = rotate(f+scatter(at(n-20)), 19) + 113
	for i := range (n - 1) / 20 {
		a, b, c, d, e := at(20*i), at(20*i+4), at(20*i+8), at(20*i+12), at(20*i+16)
		h += a
		g += b
		f += c
		h = mix(d, h) + e
		g = mix(c, g) + a
		f = mix(b+e*farm1, f) + d
		f += g
		g += f
	}
	g = rotate(rotate(g, 11)*farm1, 17) * farm1
	f = rotate(rotate(f, 11)*farm1, 17) * farm1
	h = rotate(rotate(h+g, 19)*5+farm3, 17) * farm1
	return rotate(rotate(h+f, 19)*5+farm3, 17) * farm1
}
