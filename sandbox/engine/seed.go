package engine

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// Go's runtime seeds its generator, which math/rand and the order of maps draw from, when it
// starts. In a snapshot all instances would draw the same numbers. So the generator is looked
// for in the memory of the snapshot, by numbers that it has just given, and each instance gets a
// seed of its host's. This is how internal/chacha8rand lays it out: 32 numbers that it hands
// out, the seed, how many were handed out, how many there are, and the block that they are of.
const (
	generatorNumbers = 32
	generatorSeed    = generatorNumbers * 8
	generatorGiven   = generatorSeed + seedSize
	generatorSize    = generatorGiven + 12

	seedSize = 32
	drawn    = 4 // how many numbers are looked for
)

// findGenerator returns where the generator lies that gave the numbers last, in this order, or
// nought if it is nowhere.
func findGenerator(memory []byte, numbers [drawn]uint64) int {
	var pattern []byte
	for _, n := range numbers {
		pattern = binary.LittleEndian.AppendUint64(pattern, n)
	}
	for from := 0; ; {
		i := bytes.Index(memory[from:], pattern)
		if i < 0 {
			return 0
		}
		at := from + i
		from = at + 1
		for index := range generatorNumbers - drawn + 1 {
			base := at - 8*index
			if base <= 0 || base+generatorSize > len(memory) {
				continue
			}
			given := binary.LittleEndian.Uint32(memory[base+generatorGiven:])
			total := binary.LittleEndian.Uint32(memory[base+generatorGiven+4:])
			if given == uint32(index+drawn) && total >= given && total <= generatorNumbers {
				return base
			}
		}
	}
}

// generator finds the generator of the guest that is in the slot. When fewer numbers are left of a
// block than are drawn, they do not lie side by side, and the next try finds them.
func generator(s *slot, i *Instance) (int, error) {
	for range 2 {
		var numbers [drawn]uint64
		for n := range numbers {
			number, err := s.call(exportRandom)
			if err != nil {
				return 0, err
			}
			numbers[n] = number
		}
		if at := findGenerator(i.memory.bytes(), numbers); at > 0 {
			return at, nil
		}
	}
	return 0, nil
}

// reseed gives the generator in the memory a seed. It has then no numbers left, and the next block
// that it makes is the first.
func reseed(memory []byte, at int, random io.Reader) error {
	if _, err := io.ReadFull(random, memory[at+generatorSeed:at+generatorSeed+seedSize]); err != nil {
		return fmt.Errorf("sandbox: the random numbers of the host: %w", err)
	}
	state := memory[at+generatorGiven:]
	binary.LittleEndian.PutUint32(state, 0)
	binary.LittleEndian.PutUint32(state[4:], 0)
	binary.LittleEndian.PutUint32(state[8:], ^uint32(3)) // a block is 4 more than the one before
	return nil
}
