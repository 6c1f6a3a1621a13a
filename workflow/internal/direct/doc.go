// Package direct calls functions of workflow code without reflection.
//
// It promises that nothing of a call is left on the stack beneath the function
// but one small frame: a waiting coroutine keeps for as long as it waits what was
// called to start it, and a call by package reflect has a frame of 1.4 KB, which
// is enough to keep the runtime from shrinking the stack. It does not check what
// it is given: arguments are of the types of the parameters, or nil for a zero value.
package direct
