package service

import (
	"unicode/utf8"

	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
)

// finalFailure is a failure by the server that is not tried again.
func finalFailure(message string) *failurepb.Failure {
	f := serverFailure(message)
	f.GetServerFailureInfo().NonRetryable = true
	return f
}

// cutFailure returns the failure or, if it is too large, one that says so and has
// what is left of it as its cause.
func (l Limits) cutFailure(f *failurepb.Failure) (*failurepb.Failure, bool) {
	if proto.Size(f) <= l.Blob {
		return f, false
	}
	out := finalFailure("Failure exceeds size limit.")
	out.Cause = truncate(f, l.BlobWarn, maxCauses)
	return out, true
}

// maxCauses is how many causes of a failure are kept when it is cut.
const maxCauses = 20

// What the fields of a message take beside their contents, as the server guesses.
const (
	fieldOverhead = 4
	infoOverhead  = 8
)

// truncate keeps what matters most of the failure, in about so many bytes.
func truncate(f *failurepb.Failure, room, depth int) *failurepb.Failure {
	cut := func(s string) string {
		s = firstBytes(s, room)
		room -= len(s)
		if s != "" {
			room -= fieldOverhead
		}
		return s
	}
	out := &failurepb.Failure{}
	if i := f.GetApplicationFailureInfo(); i != nil {
		out.FailureInfo = &failurepb.Failure_ApplicationFailureInfo{
			ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{
				NonRetryable: i.GetNonRetryable(), Type: cut(i.GetType()),
			},
		}
		room -= infoOverhead
	} else if i := f.GetServerFailureInfo(); i != nil {
		out.FailureInfo = &failurepb.Failure_ServerFailureInfo{
			ServerFailureInfo: &failurepb.ServerFailureInfo{NonRetryable: i.GetNonRetryable()},
		}
		room -= fieldOverhead
	}
	out.Source, out.Message, out.StackTrace = cut(f.GetSource()), cut(f.GetMessage()), cut(f.GetStackTrace())
	if f.GetCause() != nil && room > fieldOverhead && depth > 0 {
		out.Cause = truncate(f.GetCause(), room-fieldOverhead, depth-1)
	}
	return out
}

// firstBytes returns the first n bytes of s, or a few less: no rune is broken.
func firstBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n = max(n, 0)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// cutReport cuts what is too large in the report of a failed attempt, and returns
// what the worker is told about that.
func (l Limits) cutReport(req *workflowservice.RespondActivityTaskFailedRequest) []*failurepb.Failure {
	var told []*failurepb.Failure
	if proto.Size(req.GetLastHeartbeatDetails()) > l.Blob {
		told = append(told, finalFailure(textHeartbeatTooBig))
		req.LastHeartbeatDetails = nil
	}
	f, cut := l.cutFailure(req.GetFailure())
	if cut {
		told = append(told, f)
	}
	req.Failure = f
	return told
}
