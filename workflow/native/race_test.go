//go:build race

package native_test

// slack is how much larger stacks may be: the race detector makes them deeper.
const slack = 3
