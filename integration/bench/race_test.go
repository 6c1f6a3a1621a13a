//go:build race

package main_test

// slack is how much more memory there may be: the race detector makes stacks deeper.
const slack = 3
