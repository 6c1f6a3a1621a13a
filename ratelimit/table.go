package ratelimit

// indexBits is how many low bits of a token's id say where in the table it is kept. The bits above
// count how often that place has been given out, from 1: no id is 0, and an old id does not come
// back before its place has been reused 2^40 times.
const indexBits = 24

// MaxBurst is the largest burst of a [Bucket].
const MaxBurst = 1 << indexBits

// place is room for one token.
type place struct {
	turn uint64
	held bool
}

// table keeps the tokens that are held. It grows to the most that were ever held at once and
// reuses places after that, so that a token allocates nothing. The zero value is empty.
type table struct {
	places []place
	free   []uint32
}

// add takes a place and returns the id of the token in it.
func (t *table) add() uint64 {
	var at uint32
	if n := len(t.free); n > 0 {
		at, t.free = t.free[n-1], t.free[:n-1]
	} else {
		at = uint32(len(t.places)) // below MaxBurst: no more tokens than that are held
		t.places = append(t.places, place{})
	}
	p := &t.places[at]
	p.turn++
	p.held = true
	return p.turn<<indexBits | uint64(at)
}

// remove frees the token's place and reports whether the token was held.
func (t *table) remove(id uint64) bool {
	at := id & (MaxBurst - 1)
	if at >= uint64(len(t.places)) {
		return false
	}
	p := &t.places[at]
	if !p.held || p.turn != id>>indexBits {
		return false
	}
	p.held = false
	t.free = append(t.free, uint32(at))
	return true
}

// size returns how many tokens are held.
func (t *table) size() int { return len(t.places) - len(t.free) }
