package engine

// Unmapped are options of a system that cannot map memory.
func Unmapped(o Options, why error) Options {
	o.unmapped = why
	return o
}
