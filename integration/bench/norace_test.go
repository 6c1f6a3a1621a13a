//go:build !race

package main_test

// slack is how much more memory there may be.
const slack = 1
