package workflow

import (
	"cmp"
	"maps"
	"slices"
)

// DeterministicKeys returns the keys of m in their order. Ranging over a map
// takes a different order each time, which workflow code must not depend on.
//
//	for _, name := range workflow.DeterministicKeys(orders) {
//		// ...
//	}
func DeterministicKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := slices.AppendSeq(make([]K, 0, len(m)), maps.Keys(m))
	slices.Sort(keys)
	return keys
}

// DeterministicKeysFunc returns the keys of m in the order that cmp gives them:
// a negative number puts a before b. It must tell all keys apart, or the order of
// those it does not is left to chance.
func DeterministicKeysFunc[K comparable, V any](m map[K]V, cmp func(K, K) int) []K {
	keys := slices.AppendSeq(make([]K, 0, len(m)), maps.Keys(m))
	slices.SortStableFunc(keys, cmp)
	return keys
}
