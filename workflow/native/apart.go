//go:build !wasip1

package native

// apart says that code of the user's runs on stacks of its own where that keeps others small or lets
// it be left behind.
const apart = true
