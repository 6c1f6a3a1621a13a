package connect

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
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
	// keepAliveTimeout is how long the answer to a check may take.
	keepAliveTimeout = 15 * time.Second
	// maxMessage is the largest message that is received: histories are large.
	maxMessage = 128 << 20
)

// Options of [Dial]. The zero value is a server on this machine without TLS.
type Options struct {
	// Address is host:port; default [DefaultAddress]. Any target that gRPC
	// resolves works.
	Address string
	// Namespace that workers and calls use; default [DefaultNamespace].
	Namespace string
	// Identity names this process in histories; default pid@host.
	Identity string
	// TLS turns TLS on; nil is plain text, unless APIKey is set.
	TLS *tls.Config
	// APIKey is asked for each call, so that keys can rotate; nil sends none.
	// It turns TLS on.
	APIKey func(ctx context.Context) (string, error)
	// KeepAlive is how long a connection may be silent before the server is
	// asked whether it is there; default [DefaultKeepAlive].
	KeepAlive time.Duration
	// DialOptions come after those that this package sets.
	DialOptions []grpc.DialOption
}

// A Client is a connection to a Temporal server.
type Client struct {
	conn      *grpc.ClientConn
	service   workflowservice.WorkflowServiceClient
	namespace string
	identity  string
}

// Dial returns a client. It does not wait for the server: calls do. The error
// is about the options.
func Dial(o Options) (*Client, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	transport := insecure.NewCredentials()
	if o.TLS != nil {
		transport = credentials.NewTLS(o.TLS)
	}
	conn, err := grpc.NewClient(o.Address, append([]grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: o.KeepAlive, Timeout: keepAliveTimeout, PermitWithoutStream: true,
		}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)),
		grpc.WithChainUnaryInterceptor(translate, retry, headers(o.Namespace, o.APIKey)),
	}, o.DialOptions...)...)
	if err != nil {
		return nil, fmt.Errorf("connect: Address is %q: %w: use host:port", o.Address, err)
	}
	return &Client{
		conn:      conn,
		service:   workflowservice.NewWorkflowServiceClient(conn),
		namespace: o.Namespace,
		identity:  o.Identity,
	}, nil
}

// complete fills in defaults and refuses what cannot work.
func (o *Options) complete() error {
	var errs []error
	if o.KeepAlive < 0 {
		errs = append(errs, fmt.Errorf("connect: KeepAlive is %v: use zero for the default of %v "+
			"or a positive duration", o.KeepAlive, DefaultKeepAlive))
	}
	for i, d := range o.DialOptions {
		if d == nil {
			errs = append(errs, fmt.Errorf("connect: DialOptions[%d] is nil: leave it out", i))
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

// Close closes the connection. Calls under way fail.
func (c *Client) Close() error { return c.conn.Close() }
