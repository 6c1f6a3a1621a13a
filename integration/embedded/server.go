package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/metrics"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/temporal"
)

// DefaultNamespace exists on every server.
const DefaultNamespace = "default"

// startTimeout bounds the wait for a started server to take work, when the
// caller's context has no nearer deadline. A start needs half a second; a
// loaded machine with one core may need ten.
const startTimeout = 60 * time.Second

// Options says how to start a server. The zero value is a quiet server with the
// namespace "default".
type Options struct {
	// Namespaces are created beside "default" before the server starts, each
	// with a retention of 24 hours. An empty name is refused; one named twice
	// exists once.
	Namespaces []string

	// SearchAttributes are custom search attributes that every namespace has, by
	// name. None by default.
	SearchAttributes map[string]enumspb.IndexedValueType

	// DynamicConfig overrides the server's dynamic configuration, for example
	// "frontend.keepAliveMaxConnectionAge": "10s". Keys are the server's own, and
	// not checked: the server ignores one that it does not know. Values are
	// what its YAML file would hold. The map is copied.
	DynamicConfig map[string]any

	// Logger gets what the server logs, when its handler is enabled for the
	// level. Nil discards everything. The server warns about much that is
	// ordinary in a life this short.
	Logger *slog.Logger
}

// Server is a running server. Make one with [Start]. Its methods may be called
// from several goroutines.
type Server struct {
	address string
	inner   temporal.Server

	stop    sync.Once
	stopErr error
}

// Start starts a server and returns when it takes work in every namespace. It
// returns an error when the options are wrong, when the server does not start,
// or when ctx ends first; nothing is left running then. Cancelling ctx later
// does not stop the server: call [Server.Stop].
func Start(ctx context.Context, opts Options) (*Server, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("embedded: not started: %w", context.Cause(ctx))
	}
	names, err := opts.namespaces()
	if err != nil {
		return nil, err
	}
	ports, err := freePorts(ctx, len(temporal.DefaultServices))
	if err != nil {
		return nil, err
	}
	cfg := serverConfig(ports)
	if err := createNamespaces(cfg, names, opts.SearchAttributes); err != nil {
		return nil, err
	}
	inner, err := newServer(cfg, opts)
	if err != nil {
		return nil, fmt.Errorf("embedded: build the server: %w", err)
	}
	s := &Server{address: cfg.PublicClient.HostPort, inner: inner}
	if err := inner.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("embedded: start the server: %w", err), s.Stop())
	}
	if err := s.awaitReady(ctx, names); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// Address is where the server takes gRPC calls without TLS, as host:port with a
// numeric loopback host.
func (s *Server) Address() string { return s.address }

// Stop stops all services and returns when they have stopped: open polls end
// with an error, and workflows that have not closed are gone. Further calls
// wait for the first and return its result.
func (s *Server) Stop() error {
	s.stop.Do(func() {
		if err := s.inner.Stop(); err != nil {
			s.stopErr = fmt.Errorf("embedded: stop the server: %w", err)
		}
	})
	return s.stopErr
}

// namespaces are the names to create, each once.
func (o Options) namespaces() ([]string, error) {
	names := []string{DefaultNamespace}
	seen := map[string]bool{DefaultNamespace: true}
	for i, name := range o.Namespaces {
		if name == "" {
			return nil, fmt.Errorf(
				"embedded: Options.Namespaces[%d] is empty: give a name or leave it out", i)
		}
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names, nil
}

// createNamespaces writes the namespaces into the database that the server will
// open: a server that starts with them has no moment without them.
func createNamespaces(
	cfg *config.Config, names []string, attributes map[string]enumspb.IndexedValueType,
) error {
	rows := make([]*sqlite.NamespaceConfig, 0, len(names))
	for _, name := range names {
		row, err := sqlite.NewNamespaceConfig(clusterName, name, false, attributes)
		if err != nil {
			return fmt.Errorf("embedded: Options.SearchAttributes: %w", err)
		}
		rows = append(rows, row)
	}
	db := cfg.Persistence.DataStores[sqliteplugin.PluginName].SQL
	if err := sqlite.CreateNamespaces(db, rows...); err != nil {
		return fmt.Errorf("embedded: create the namespaces %q: %w", names, err)
	}
	return nil
}

func newServer(cfg *config.Config, opts Options) (temporal.Server, error) {
	dynamic := dynamicconfig.StaticClient{}
	for key, value := range defaultDynamicConfig() {
		dynamic[dynamicconfig.MakeKey(key)] = value
	}
	for key, value := range opts.DynamicConfig {
		dynamic[dynamicconfig.MakeKey(key)] = value
	}
	return temporal.NewServer(
		temporal.WithConfig(cfg),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(staticHosts(cfg)),
		temporal.WithLogger(newLogger(opts.Logger)),
		temporal.WithDynamicConfigClient(dynamic),
		temporal.WithCustomMetricsHandler(metrics.NoopMetricsHandler),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
	)
}
