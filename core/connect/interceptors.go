package connect

import (
	"context"
	"math/rand/v2"
	"slices"
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

// A caller is what stands around every call of a connection. It is one interceptor, for each
// more would cost every call some allocations.
type caller struct {
	namespace string
	headers   metadata.MD // of calls about namespace; never changed
	apiKey    func(context.Context) (string, error)
	// headersOnly is a context with the headers.
	headersOnly context.Context   //nolint:containedctx // it has nothing else
	options     []grpc.CallOption // of calls with none but that of their stub, which is the last; never changed
}

func newCaller(o *Options) *caller {
	headers := metadata.Pairs("client-name", clientName, "client-version", clientVersion,
		"supported-server-versions", serverVersions, "temporal-namespace", o.Namespace)
	return &caller{
		namespace:   o.Namespace,
		headers:     headers,
		headersOnly: metadata.NewOutgoingContext(context.Background(), headers),
		apiKey:      o.APIKey,
		options: []grpc.CallOption{
			grpc.MaxCallRecvMsgSize(maxMessage), grpc.ForceCodecV2(newMessages()), grpc.StaticMethod(),
		},
	}
}

// translate turns gRPC's errors into those of the Temporal API.
func translate(err error) error {
	if s, ok := status.FromError(err); ok {
		return serviceerror.FromStatus(s)
	}
	return err // of an interceptor in the dial options
}

// A dressed context has the headers of all calls beside those values that it had: in one allocation,
// where [metadata.NewOutgoingContext] makes two for each call.
type dressed struct {
	context.Context                 //nolint:containedctx // this is one
	headers         context.Context //nolint:containedctx // nothing but headers
}

func (d dressed) Value(key any) any {
	if v := d.headers.Value(key); v != nil {
		return v
	}
	return d.Context.Value(key)
}

// dress adds what every call carries. It is done for each try, which asks for a rotated key again.
func (c *caller) dress(ctx context.Context, req any) (context.Context, error) {
	headers, own := c.headers, true
	if r, ok := req.(interface{ GetNamespace() string }); ok && r.GetNamespace() != "" && r.GetNamespace() != c.namespace {
		headers = headers.Copy() // a worker may poll another one than the connection's
		headers.Set("temporal-namespace", r.GetNamespace())
		own = false
	}
	if given, some := metadata.FromOutgoingContext(ctx); some {
		headers, own = metadata.Join(given, headers), false
	}
	if own {
		ctx = dressed{ctx, c.headersOnly}
	} else {
		ctx = metadata.NewOutgoingContext(ctx, headers)
	}
	if c.apiKey == nil {
		return ctx, nil
	}
	key, err := usableKey(ctx, c.apiKey)
	if err != nil {
		return nil, err
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+key), nil
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

// intercept makes a call, and repeats it while its error may pass, for ten
// seconds at most, so that a short outage loses no answer.
func (c *caller) intercept(
	ctx context.Context, method string, req, reply any, cc *grpc.ClientConn,
	invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	began, wait := time.Now(), retryInitial
	opts = c.complete(opts)
	for {
		dressed, err := c.dress(ctx, req)
		if err == nil {
			err = invoke(dressed, method, req, reply, cc, opts...)
		}
		code := status.Code(err)
		if longPoll(method) || !passing(code) || hopeless(err) {
			return translate(err)
		}
		pause := wait
		if code == codes.ResourceExhausted {
			pause = max(pause, throttleInitial)
		}
		pause = time.Duration(float64(pause) * (1 + retryJitter*(2*rand.Float64()-1)))
		if time.Since(began)+pause > retryFor {
			return translate(err)
		}
		select {
		case <-ctx.Done():
			return translate(err)
		case <-time.After(pause):
		}
		wait = min(time.Duration(float64(wait)*retryFactor), retryMax)
	}
}

// complete adds the options of all calls, which others override, to those of one. They are not left to
// the connection, which would join both for every call.
func (c *caller) complete(opts []grpc.CallOption) []grpc.CallOption {
	if len(opts) == 1 {
		if _, ok := opts[0].(grpc.StaticMethodCallOption); ok {
			return c.options
		}
	}
	all := slices.Clone(c.options[:len(c.options)-1])
	if slices.ContainsFunc(opts, namesEncoding) {
		all = all[:1] // which must not be called by that name
	}
	return append(all, opts...)
}

// namesEncoding reports whether an option chooses among the encodings that gRPC knows by name.
func namesEncoding(o grpc.CallOption) bool {
	_, ok := o.(grpc.ContentSubtypeCallOption)
	return ok
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

// hopeless reports whether a message did not fit or cannot be encoded, which no repetition changes.
func hopeless(err error) bool {
	text := status.Convert(err).Message()
	return strings.Contains(text, "larger than max") || strings.Contains(text, "error while marshaling")
}
