package slots

// indexBits is how many low bits of a permit's id say where in the table it is kept. The bits
// above count how often that place has been given out, from 1: no id is 0, and an old id does not
// come back before its place has been reused 2^40 times.
const indexBits = 24

// MaxLimit is the highest limit of a supplier.
const MaxLimit = 1 << indexBits

type state uint8

const (
	stateFree state = iota
	stateOut
	stateLeaving // released, while the observers are told
)

// place is room for one permit. It is small, and free ones are linked through it: under contention
// the cores hand each other as few lines of cache as can be.
type place struct {
	turn   uint64
	weight int32 // what it counts for, at most MaxLimit; when free, the next free place + 1
	state  state
	used   bool // whether it carries a task
}

// note is what is known of a permit beside its place.
type note struct {
	request Request
	task    Task   // the last it was used for
	wasUsed bool   // whether it has ever been
	demand  demand // what it takes now
	within  Permit // of the supplier within which this one works
	hold    *waiter
}

// carry notes the task.
func (n *note) carry(t Task) { n.task, n.wasUsed = t, true }

// table keeps the permits that are out. It grows to the most that were ever out at once and reuses
// places after that, so that issuing allocates nothing.
type table struct {
	places []place
	free   int32 // the first free place + 1; 0 for none
	notes  []note
}

// issue takes a place for a permit of the weight and returns its id.
func (t *table) issue(weight int32) uint64 {
	var at uint32
	if t.free > 0 {
		at = uint32(t.free - 1)
	} else {
		at = t.grow()
	}
	p := &t.places[at]
	t.free = p.weight
	p.turn++
	p.state, p.used, p.weight = stateOut, false, weight
	return p.turn<<indexBits | uint64(at)
}

// grow makes one more place.
func (t *table) grow() uint32 {
	at := uint32(len(t.places)) // below MaxLimit: the supplier issues no more than that
	t.places = append(t.places, place{})
	t.notes = append(t.notes, note{})
	return at
}

// write keeps what is known of a permit that has just been issued.
func (t *table) write(id uint64, n note) { t.notes[id&(MaxLimit-1)] = n }

// find returns where the permit is kept; ok is false unless it is out.
func (t *table) find(id uint64) (at uint32, ok bool) {
	at = uint32(id & (MaxLimit - 1))
	if int(at) >= len(t.places) {
		return 0, false
	}
	p := &t.places[at]
	return at, p.turn == id>>indexBits && p.state == stateOut
}

// clear makes the place free for another permit.
func (t *table) clear(at uint32) {
	p := &t.places[at]
	p.state, p.weight, t.free = stateFree, t.free, int32(at)+1
	t.notes[at] = note{} // let go of the strings
}
