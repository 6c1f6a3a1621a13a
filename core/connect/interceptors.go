package connect

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// What the server learns of this library.
const (
	clientName    = "mainspring-go"
	clientVersion = "0.1.0"
	// serverVersions are those that this library works with.
	serverVersions = ">=1.0.0 <2.0.0"
)

// translate turns gRPC's errors into those of the Temporal API.
func translate(
	ctx context.Context, method string, req, reply any, cc *grpc.ClientConn,
	invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	err := invoke(ctx, method, req, reply, cc, opts...)
	if s, ok := status.FromError(err); ok {
		return serviceerror.FromStatus(s)
	}
	return err // of an interceptor in the dial options
}

// headers adds what every call carries.
func headers(
	namespace string, apiKey func(context.Context) (string, error),
) grpc.UnaryClientInterceptor {
	return func(
		ctx context.Context, method string, req, reply any, cc *grpc.ClientConn,
		invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		about := namespace
		if r, ok := req.(interface{ GetNamespace() string }); ok && r.GetNamespace() != "" {
			about = r.GetNamespace() // a worker may poll another one than the connection's
		}
		ctx = metadata.AppendToOutgoingContext(ctx,
			"client-name", clientName,
			"client-version", clientVersion,
			"supported-server-versions", serverVersions,
			"temporal-namespace", about,
		)
		if apiKey != nil {
			key, err := usableKey(ctx, apiKey)
			if err != nil {
				return err
			}
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+key)
		}
		return invoke(ctx, method, req, reply, cc, opts...)
	}
}

// usableKey asks for the key, and says what is wrong before the server does in
// other words.
func usableKey(
	ctx context.Context, apiKey func(context.Context) (string, error),
) (string, error) {
	key, err := apiKey(ctx)
	switch {
	case err == nil && key == "":
		return "", status.Error(codes.Unauthenticated,
			"connect: APIKey returned an empty key: return the key or an error")
	case err == nil && strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", status.Error(codes.Unauthenticated,
			"connect: APIKey returned a key with a space, a line break or another character "+
				"that no key has: trim what was read")
	case err == nil:
		return key, nil
	case ctx.Err() != nil:
		return "", status.FromContextError(ctx.Err()).Err()
	}
	code := codes.Unavailable // wherever keys come from may be down for a moment
	if s, ok := status.FromError(err); ok {
		code = s.Code()
	}
	return "", status.Errorf(code, "connect: APIKey: %v", err)
}

// How calls are retried.
const (
	retryInitial    = 100 * time.Millisecond
	retryFactor     = 1.7
	retryMax        = 5 * time.Second
	retryJitter     = 0.2
	retryFor        = 10 * time.Second
	throttleInitial = time.Second
)

// retry repeats a call while its error may pass, for ten seconds at most, so
// that a short outage loses no answer.
func retry(
	ctx context.Context, method string, req, reply any, cc *grpc.ClientConn,
	invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	if longPoll(method) {
		return invoke(ctx, method, req, reply, cc, opts...)
	}
	began, wait := time.Now(), retryInitial
	for {
		err := invoke(ctx, method, req, reply, cc, opts...)
		code := status.Code(err)
		if err == nil || !passing(code) || tooLarge(err) {
			return err
		}
		pause := wait
		if code == codes.ResourceExhausted {
			pause = max(pause, throttleInitial)
		}
		pause = time.Duration(float64(pause) * (1 + retryJitter*(2*rand.Float64()-1)))
		if time.Since(began)+pause > retryFor {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
		wait = min(time.Duration(float64(wait)*retryFactor), retryMax)
	}
}

// longPoll reports whether a method waits for something to happen.
func longPoll(method string) bool {
	name := method[strings.LastIndexByte(method, '/')+1:]
	return strings.HasPrefix(name, "Poll")
}

// passing reports whether an error of this code may be gone next time.
func passing(c codes.Code) bool {
	switch c {
	case codes.Aborted, codes.DataLoss, codes.Internal, codes.OutOfRange,
		codes.ResourceExhausted, codes.Unavailable, codes.Unknown:
		return true
	default:
		return false
	}
}

// tooLarge reports whether a message did not fit, which no repetition changes.
func tooLarge(err error) bool {
	return strings.Contains(status.Convert(err).Message(), "larger than max")
}
