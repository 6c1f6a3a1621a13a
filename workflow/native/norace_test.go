//go:build !race

package native_test

// slack is how much larger stacks may be.
const slack = 1
