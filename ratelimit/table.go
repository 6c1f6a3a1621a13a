package ratelimit

// indexBits is how many low bits of a token's id say where in the table it is kept. The bits above
// count how often that place has been given out, from 1: no id is 0, and an old id does not come
// back before its place has been reused 2^40 times.
const indexBits = 24

// MaxBurst is the largest burst of a [Bucket].
const MaxBurst = 1 << indexBits

// place is room for one token. Free ones are linked through it: under contention the cores hand
// each other as few lines of cache as can be.
type place struct {
	turn uint64
	next int32 // of a free place, the next free one + 1
	held bool
}

// table keeps the tokens that are held. It grows to the most that were ever held at once and
// reuses places after that, so that a token allocates nothing. The zero value is empty.
type table struct {
	places []place
	free   int32 // the first free place + 1; 0 for none
	held   int
}

// add takes a place and returns the id of the token in it.
func (t *table) add() uint64 {
	at := uint32(len(t.places)) // below MaxBurst: no more tokens than that are held
	if t.free > 0 {
		at = uint32(t.free - 1)
	} else {
		t.places = append(t.places, place{})
	}
	p := &t.places[at]
	t.free, p.next = p.next, 0
	p.turn++
	p.held = true
	t.held++
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
	p.held, p.next, t.free = false, t.free, int32(at)+1
	t.held--
	return true
}

// size returns how many tokens are held.
func (t *table) size() int { return t.held }
