package connect_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/mainspring-go/mainspring/core/connect"
)

func TestHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		c := s.dial(t, connect.Options{Namespace: "shop"})
		if err := ask(t, c); err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]string{
			"client-name":               "mainspring-go",
			"temporal-namespace":        "shop",
			"supported-server-versions": ">=1.0.0 <2.0.0",
		} {
			if got := s.header(0, key); !slices.Equal(got, []string{want}) {
				t.Errorf("%s: %q", key, got)
			}
		}
		if got := s.header(0, "client-version"); len(got) != 1 || got[0] == "" {
			t.Errorf("client-version: %q", got)
		}
		if got := s.header(0, "authorization"); len(got) != 0 {
			t.Errorf("authorization without a key: %q", got)
		}
		// A request that names a namespace is about that one.
		_, err := c.WorkflowService().DescribeNamespace(t.Context(),
			&workflowservice.DescribeNamespaceRequest{Namespace: "other"})
		if got := s.header(1, "temporal-namespace"); err != nil || !slices.Equal(got, []string{"other"}) {
			t.Errorf("temporal-namespace: %q, error %v", got, err)
		}
	})
}

// withKeys has no TLS, which the keys would turn on.
func withKeys(key func(context.Context) (string, error)) connect.Options {
	return connect.Options{
		APIKey:      key,
		DialOptions: []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())},
	}
}

// The key is asked for at each attempt, so that one that expired meanwhile is not repeated.
func TestAPIKeyRotates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		s.errs = []error{refused(codes.Unavailable)}
		keys := []string{"first", "second", "third"}
		c := s.dial(t, withKeys(func(context.Context) (string, error) {
			key := keys[0]
			keys = keys[1:]
			return key, nil
		}))
		for range 2 {
			if err := ask(t, c); err != nil {
				t.Fatal(err)
			}
		}
		for i, want := range []string{"Bearer first", "Bearer second", "Bearer third"} {
			if got := s.header(i, "authorization"); !slices.Equal(got, []string{want}) {
				t.Errorf("attempt %d: %q", i, got)
			}
		}
	})
}

func TestAPIKeyFails(t *testing.T) {
	for _, c := range []struct {
		name string
		key  string
		err  error
		code codes.Code
		says string
		took time.Duration // at least; nothing is retried if zero
	}{
		{"down", "", errors.New("vault is sealed"), codes.Unavailable, "APIKey: vault is sealed", 5 * time.Second},
		{"denied", "", refused(codes.PermissionDenied), codes.PermissionDenied, "APIKey", 0},
		{"empty", "", nil, codes.Unauthenticated, "empty key", 0},
		{"line break", "secret\n", nil, codes.Unauthenticated, "line break", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t)
				client := s.dial(t, withKeys(func(context.Context) (string, error) { return c.key, c.err }))
				began := time.Now()
				err := ask(t, client)
				if serviceerror.ToStatus(err).Code() != c.code || !strings.Contains(err.Error(), c.says) {
					t.Errorf("error %v", err)
				}
				if took := time.Since(began); took > 10*time.Second || (took == 0) != (c.took == 0) || took < c.took {
					t.Errorf("took %v", took)
				}
				if strings.Contains(err.Error(), "secret") {
					t.Errorf("the key is in the error: %v", err)
				}
				if s.calls() != 0 {
					t.Errorf("%d calls without a key", s.calls())
				}
			})
		})
	}
}

func TestAPIKeyOfACallThatEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t).dial(t, withKeys(func(ctx context.Context) (string, error) {
			<-ctx.Done()
			return "", context.Cause(ctx)
		}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var late *serviceerror.DeadlineExceeded
		if err := askWithin(ctx, c); !errors.As(err, &late) {
			t.Errorf("error %v", err)
		}
	})
}

// certificate makes a certificate of "temporal" and the pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "temporal"},
		DNSNames: []string{"temporal"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// A key must not be told to whoever listens.
func TestAPIKeyTurnsTLSOn(t *testing.T) {
	plain := serve(t)
	c := plain.dial(t, connect.Options{APIKey: func(context.Context) (string, error) { return "secret", nil }})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := askWithin(ctx, c); err == nil || plain.calls() != 0 {
		t.Errorf("error %v after %d calls", err, plain.calls())
	}
}

func TestTLS(t *testing.T) {
	own, pool := certificate(t)
	s := serve(t, grpc.Creds(credentials.NewServerTLSFromCert(&own)))
	if err := ask(t, s.dial(t, connect.Options{TLS: &tls.Config{RootCAs: pool, ServerName: "temporal"}})); err != nil {
		t.Errorf("trusted: %v", err)
	}
	for name, o := range map[string]connect.Options{
		"stranger":   {TLS: &tls.Config{ServerName: "temporal"}},
		"other name": {TLS: &tls.Config{RootCAs: pool, ServerName: "elsewhere"}},
		"plain":      {},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		if err := askWithin(ctx, s.dial(t, o)); err == nil {
			t.Errorf("%s: no error", name)
		}
		cancel()
	}
	if s.calls() != 1 {
		t.Errorf("%d calls arrived", s.calls())
	}
}

func TestErrorsAreThoseOfTheAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		c := s.dial(t, connect.Options{})
		is := func(err error, target any) bool { return errors.As(err, target) }
		for code, target := range map[codes.Code]any{
			codes.NotFound:           new(*serviceerror.NotFound),
			codes.InvalidArgument:    new(*serviceerror.InvalidArgument),
			codes.PermissionDenied:   new(*serviceerror.PermissionDenied),
			codes.Unimplemented:      new(*serviceerror.Unimplemented),
			codes.FailedPrecondition: new(*serviceerror.FailedPrecondition),
			codes.DeadlineExceeded:   new(*serviceerror.DeadlineExceeded),
			codes.Canceled:           new(*serviceerror.Canceled),
			codes.Unavailable:        new(*serviceerror.Unavailable),
			codes.ResourceExhausted:  new(*serviceerror.ResourceExhausted),
		} {
			s.always = refused(code)
			if err := ask(t, c); !is(err, target) {
				t.Errorf("%v: %T %v", code, err, err)
			}
		}
		s.always = refused(codes.Unauthenticated) // has no error of its own
		if err := ask(t, c); status.Code(err) != codes.Unauthenticated {
			t.Errorf("Unauthenticated: %T %v", err, err)
		}
	})
}

// Errors that are not gRPC's keep what they are.
func TestErrorsOfInterceptorsStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		own := errors.New("mine")
		c := serve(t).dial(t, connect.Options{DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(
			func(context.Context, string, any, any, *grpc.ClientConn, grpc.UnaryInvoker, ...grpc.CallOption) error {
				return own
			})}})
		if err := ask(t, c); !errors.Is(err, own) {
			t.Errorf("error %v", err)
		}
	})
}

func TestWrongOptions(t *testing.T) {
	for _, c := range []struct {
		field string
		o     connect.Options
		says  string
	}{
		{"Address", connect.Options{Address: "https://temporal:7233"}, "use host:port; Options.TLS"},
		{"Address", connect.Options{Address: "http://temporal:7233"}, "use host:port"},
		{"Address", connect.Options{Address: "temporal"}, "add the port"},
		{"Address", connect.Options{Address: "dns://a b:%/"}, "use host:port"},
		{"KeepAlive", connect.Options{KeepAlive: -time.Second}, "-1s"},
		{"KeepAlive", connect.Options{KeepAlive: 9 * time.Second}, "at least 10s"},
		{"DialOptions[1]", connect.Options{DialOptions: []grpc.DialOption{grpc.EmptyDialOption{}, nil}}, "leave it out"},
	} {
		t.Run(c.field, func(t *testing.T) {
			client, err := connect.Dial(c.o)
			var option *connect.OptionError
			if client != nil || !errors.As(err, &option) || option.Field != c.field ||
				!strings.Contains(err.Error(), c.says) {
				t.Errorf("client %v, error %v", client, err)
			}
		})
	}
	_, err := connect.Dial(connect.Options{Address: "temporal", KeepAlive: -1, DialOptions: []grpc.DialOption{nil}})
	for _, field := range []string{"Address", "KeepAlive", "DialOptions[0]"} {
		if err == nil || !strings.Contains(err.Error(), "connect: "+field+" is ") {
			t.Errorf("%s is not told: %v", field, err)
		}
	}
}

func TestSoundAddresses(t *testing.T) {
	for _, address := range []string{
		"", "localhost:7233", "[::1]:7233", "dns:///temporal:7233", "unix:///tmp/temporal", "passthrough:///x",
	} {
		client, err := connect.Dial(connect.Options{Address: address})
		if err != nil {
			t.Errorf("%q: %v", address, err)
			continue
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		c := s.dial(t, connect.Options{})
		host, err := os.Hostname()
		if err != nil {
			t.Fatal(err)
		}
		if c.Namespace() != "default" || !strings.HasSuffix(c.Identity(), "@"+host) {
			t.Errorf("namespace %q, identity %q", c.Namespace(), c.Identity())
		}
		c = s.dial(t, connect.Options{Namespace: "shop", Identity: "me"})
		if c.Namespace() != "shop" || c.Identity() != "me" {
			t.Errorf("namespace %q, identity %q", c.Namespace(), c.Identity())
		}
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t).dial(t, connect.Options{})
		if err := ask(t, c); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
		var canceled *serviceerror.Canceled
		if err := ask(t, c); !errors.As(err, &canceled) {
			t.Errorf("call after Close: %v", err)
		}
	})
}

// A connection whose other end went away without a word is found out.
func TestKeepAlive(t *testing.T) {
	for _, keepAlive := range []time.Duration{0, 5 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			s := serve(t)
			n := new(network)
			c := s.dial(t, connect.Options{
				KeepAlive:   keepAlive,
				DialOptions: []grpc.DialOption{n.option(s)},
			})
			if err := ask(t, c); err != nil {
				t.Fatal(err)
			}
			n.stall()
			began := time.Now()
			// A poll, since that is not retried.
			_, err := c.WorkflowService().PollActivityTaskQueue(t.Context(),
				&workflowservice.PollActivityTaskQueueRequest{})
			want := connect.DefaultKeepAlive
			if keepAlive > 0 {
				want = keepAlive
			}
			if took := time.Since(began); err == nil || took < want || took > want+20*time.Second {
				t.Errorf("KeepAlive %v: error %v after %v", keepAlive, err, took)
			}
		})
	}
}

// So is one that nobody uses, so that the next call does not have to find out.
func TestKeepAliveOfAnIdleConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, n := serve(t), new(network)
		c := s.dial(t, connect.Options{DialOptions: []grpc.DialOption{n.option(s)}})
		if err := ask(t, c); err != nil {
			t.Fatal(err)
		}
		n.stall()
		time.Sleep(10 * time.Minute)
		began := time.Now()
		if err := ask(t, c); err != nil || time.Since(began) > time.Second {
			t.Errorf("error %v after %v", err, time.Since(began))
		}
	})
}
