package wire

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// Version is which format this package speaks. What a change of the structures changes, [Layout] says.
const Version = 3

// A Request is what the host asks of a guest: one of its fields is set.
type Request struct {
	// Begin says which run the guest is. It comes once, first.
	Begin *Begin
	// Activation is a workflow task of that run.
	Activation *runner.Activation
}

// A Begin says which run an instance of a guest is, and what holds for it.
type Begin struct {
	// Details say which run it is.
	Details runner.Details
	// VersioningBehavior is the one that the host wants for the type; unspecified leaves it to the guest.
	VersioningBehavior enumspb.VersioningBehavior
	// BuildID is that of the worker.
	BuildID string
	// LogInReplay lets workflows log also while they are replayed.
	LogInReplay bool
	// LogLevel is the lowest that anybody reads, as package slog counts them.
	LogLevel int
	// Metrics says that somebody takes them.
	Metrics bool
}

// A Description is what a guest says of itself.
type Description struct {
	// Types are the workflow types that it has, sorted.
	Types []string
	// Dynamic says that it runs every other type too.
	Dynamic bool
	// Problem is why it runs nothing: what is wrong with its registrations.
	Problem string
}

// An Answer is what comes back. If Error is empty, it has what was asked for.
type Answer struct {
	// Error is why the guest could not do it; that is no failure of workflow code.
	Error string
	// Completion answers an activation.
	Completion *runner.Completion
	// Notes are what code had to tell beside it, in order.
	Notes []Note
}

// describe is what every version asks first. Every version answers with its number first.
const describe = 'D'

// Describe returns the request for a description. It is the same in all versions.
func Describe() []byte { return []byte{describe} }

// IsDescribe reports whether the request is for a description.
func IsDescribe(request []byte) bool { return len(request) == 1 && request[0] == describe }

// A VersionError says that host and guest were built from different releases.
type VersionError struct {
	Host, Guest uint64
	// Layout says that the versions are the same, but what they were built with is not.
	Layout bool
}

// Error implements error.
func (e *VersionError) Error() string {
	if e.Layout {
		return "the guest was built with another release of the Temporal API than this worker: " +
			"build both from the same versions of all modules"
	}
	return fmt.Sprintf("the guest speaks version %d of the format between it and its worker, and this worker version %d: "+
		"build both from the same release", e.Guest, e.Host)
}

// AppendDescription appends the answer to [Describe].
func AppendDescription(dst []byte, d *Description) []byte {
	c := &codec{buf: dst}
	c.uvarint(Version)
	c.buf = binary.LittleEndian.AppendUint64(c.buf, Layout())
	c.write(layouts().description, unsafe.Pointer(d))
	return c.buf
}

// ParseDescription reads the answer to [Describe]. One of another version or layout is a
// [*VersionError].
func ParseDescription(b []byte) (*Description, error) {
	c := reader(b)
	if v := c.uvarint(0); c.err == nil && v != Version {
		return nil, &VersionError{Host: Version, Guest: v}
	}
	if l := c.take(8); c.err == nil && binary.LittleEndian.Uint64(l) != Layout() {
		return nil, &VersionError{Host: Version, Guest: Version, Layout: true}
	}
	return parsed(c, layouts().description, new(Description))
}

// AppendRequest appends the bytes of r. It fails for messages that protobuf cannot
// encode, as those with text that is not UTF-8.
func AppendRequest(dst []byte, r *Request) ([]byte, error) {
	return appended(dst, layouts().request, r)
}

// ParseRequest reads what AppendRequest has made.
func ParseRequest(b []byte) (*Request, error) {
	return parsed(reader(b), layouts().request, new(Request))
}

// AppendAnswer appends the bytes of a. It fails as AppendRequest does.
func AppendAnswer(dst []byte, a *Answer) ([]byte, error) {
	return appended(dst, layouts().answer, a)
}

// ParseAnswer reads what AppendAnswer has made.
func ParseAnswer(b []byte) (*Answer, error) {
	return parsed(reader(b), layouts().answer, new(Answer))
}

func appended[T any](dst []byte, l *layout, v *T) ([]byte, error) {
	c := &codec{buf: dst}
	c.write(l, unsafe.Pointer(v))
	return c.buf, c.err
}

func parsed[T any](c *codec, l *layout, v *T) (*T, error) {
	c.read(l, unsafe.Pointer(v))
	if c.err == nil && len(c.buf) > 0 {
		c.malformed("there is more than there should be")
	}
	if c.err != nil {
		return nil, c.err
	}
	return v, nil
}
