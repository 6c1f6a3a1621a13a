//go:build !race

package subprocess_test

const racing = false
