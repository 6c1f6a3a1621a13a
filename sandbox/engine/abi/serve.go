package abi

// Version is which boundary this package speaks. An engine refuses a guest of another one.
const Version = 1

// Served is what [Serve] returns, so that it can stand in a package variable.
type Served struct{}

// guest is what this program serves: there is one.
//
//nolint:gochecknoglobals // what the host calls is found by its name, and has no receiver.
var guest struct {
	call func(request []byte) []byte
	warm []func()
	// request and answer keep alive what the host reads and writes.
	request, answer []byte
	filled          []any // see fill
}

// Serve says what a call of the host runs. The request is the guest's until it returns, and the
// answer must not be changed before the next call. A second Serve takes the place of the first.
//
// An engine may initialise a guest once and start all instances from what its memory then holds.
// The warm functions run before, in order, and once more: what they load, compile and allocate
// no instance has to do again. They must leave nothing that differs from run to run.
func Serve(call func(request []byte) []byte, warm ...func()) Served {
	guest.call, guest.warm = call, warm
	return Served{}
}

// Call calls what is served as a host would. It panics in a program that serves nothing.
func Call(request []byte) []byte { return guest.call(request) }
