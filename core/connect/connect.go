package connect

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// Defaults of [Options].
const (
	DefaultAddress   = "localhost:7233"
	DefaultNamespace = "default"
	// DefaultKeepAlive is how long a silent connection goes unchecked.
	DefaultKeepAlive = 30 * time.Second
	// minKeepAlive is the least that gRPC takes.
	minKeepAlive = 10 * time.Second
	// keepAliveTimeout is how long the answer to a check may take.
	keepAliveTimeout = 15 * time.Second
	// maxMessage is the largest message that is received: histories are large.
	maxMessage = 128 << 20
	// window is how much of its answers the server may send ahead, of one and of all: 100 Mbit/s
	// over 80 ms. gRPC would measure the connection for that, by a ping to most answers, which
	// costs both sides more than a call's deadline or headers. With much more, large tasks come
	// faster than their results, which wait for a window of the server's, can be sent.
	window = 1 << 20
)

// Options of [Dial]. The zero value is a server on this machine without TLS.
type Options struct {
	// Address is host:port; default [DefaultAddress]. Any target that gRPC
	// resolves works, such as dns:///host:port or unix:///path.
	Address string
	// Namespace that workers use, and of calls that name none; default
	// [DefaultNamespace].
	Namespace string
	// Identity names this process in histories; default pid@host.
	Identity string
	// TLS turns TLS on; nil is plain text, unless APIKey is set.
	TLS *tls.Config
	// APIKey is asked at each attempt of a call, so that keys can rotate, and
	// from several goroutines; nil sends none. Its error is one of the call, of
	// code Unavailable unless it has a gRPC status, and so is retried as such.
	// It turns TLS on.
	APIKey func(ctx context.Context) (string, error)
	// KeepAlive is how long a connection may be silent before the server is
	// asked whether it is there; default [DefaultKeepAlive], at least 10 s.
	KeepAlive time.Duration
	// DialOptions come after those that this package sets.
	DialOptions []grpc.DialOption
}

// An OptionError says what is wrong with one of the [Options].
type OptionError struct {
	// Field is its name.
	Field string
	// Value is what was given.
	Value string
	// Fix says what to give instead.
	Fix string
	// Err is what gRPC says of it, if it does.
	Err error
}

// Error implements error.
func (e *OptionError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("connect: %s is %s: %v: %s", e.Field, e.Value, e.Err, e.Fix)
	}
	return fmt.Sprintf("connect: %s is %s: %s", e.Field, e.Value, e.Fix)
}

// Unwrap returns what gRPC says.
func (e *OptionError) Unwrap() error { return e.Err }

// A Client is a connection to a Temporal server. Make one with [Dial].
type Client struct {
	close     func() error
	service   workflowservice.WorkflowServiceClient
	namespace string
	identity  string
}

// Dial returns a client. It does not wait for the server: calls do. The error
// names every option that is wrong, as an [*OptionError] each.
func Dial(o Options) (*Client, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	transport := insecure.NewCredentials()
	if o.TLS != nil {
		transport = credentials.NewTLS(o.TLS)
	}
	calls := newCaller(&o)
	conn, err := grpc.NewClient(o.Address, append([]grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: o.KeepAlive, Timeout: keepAliveTimeout, PermitWithoutStream: true,
		}),
		grpc.WithStaticStreamWindowSize(window),
		grpc.WithStaticConnWindowSize(window),
		grpc.WithChainUnaryInterceptor(calls.intercept),
	}, o.DialOptions...)...)
	if err != nil {
		return nil, &OptionError{
			Field: "Address", Value: fmt.Sprintf("%q", o.Address), Err: err,
			Fix: "use host:port, and dial options that go together",
		}
	}
	return &Client{
		close:     sync.OnceValue(conn.Close),
		service:   workflowservice.NewWorkflowServiceClient(conn),
		namespace: o.Namespace,
		identity:  o.Identity,
	}, nil
}

// complete fills in defaults and refuses what cannot work.
func (o *Options) complete() error {
	var errs []error
	wrong := func(field, value, fix string) {
		errs = append(errs, &OptionError{Field: field, Value: value, Fix: fix})
	}
	switch scheme, _, _ := strings.Cut(o.Address, "://"); {
	case scheme == "http" || scheme == "https":
		wrong("Address", fmt.Sprintf("%q", o.Address), "use host:port; Options.TLS turns TLS on")
	case o.Address != "" && !strings.Contains(o.Address, ":"):
		wrong("Address", fmt.Sprintf("%q", o.Address), "add the port: host:port")
	}
	if o.KeepAlive != 0 && o.KeepAlive < minKeepAlive {
		wrong("KeepAlive", o.KeepAlive.String(), fmt.Sprintf(
			"use zero for the default of %v or at least %v", DefaultKeepAlive, minKeepAlive))
	}
	for i, d := range o.DialOptions {
		if d == nil {
			wrong(fmt.Sprintf("DialOptions[%d]", i), "nil", "leave it out")
		}
	}
	if o.Address == "" {
		o.Address = DefaultAddress
	}
	if o.Namespace == "" {
		o.Namespace = DefaultNamespace
	}
	if o.KeepAlive == 0 {
		o.KeepAlive = DefaultKeepAlive
	}
	if o.APIKey != nil && o.TLS == nil {
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if o.Identity == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "unknown"
		}
		o.Identity = fmt.Sprintf("%d@%s", os.Getpid(), host)
	}
	return errors.Join(errs...)
}

// WorkflowService returns the calls that the server offers.
func (c *Client) WorkflowService() workflowservice.WorkflowServiceClient { return c.service }

// Namespace returns the namespace of the options.
func (c *Client) Namespace() string { return c.namespace }

// Identity returns the name of this process.
func (c *Client) Identity() string { return c.identity }

// Close closes the connection. Calls under way fail. It may be called again.
func (c *Client) Close() error { return c.close() }
