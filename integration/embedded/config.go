package embedded

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"github.com/google/uuid"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/membership/static"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

const (
	clusterName = "active"
	loopback    = "127.0.0.1"
	disabled    = "disabled"
)

// serverConfig is a cluster of one process with one history shard, one port for
// each of temporal.DefaultServices, in their order: the frontend comes first.
func serverConfig(ports []int) *config.Config {
	services := make(map[string]config.Service, len(ports))
	for i, name := range temporal.DefaultServices {
		services[name] = config.Service{RPC: config.RPC{GRPCPort: ports[i], BindOnIP: loopback}}
	}
	frontend := net.JoinHostPort(loopback, strconv.Itoa(ports[0]))
	return &config.Config{
		Services:     services,
		PublicClient: config.PublicClient{HostPort: frontend},
		Persistence: config.Persistence{
			DefaultStore:     sqliteplugin.PluginName,
			VisibilityStore:  sqliteplugin.PluginName,
			NumHistoryShards: 1,
			DataStores: map[string]config.DataStore{
				sqliteplugin.PluginName: {SQL: memoryDatabase()},
			},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontend},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: disabled},
			Visibility: config.VisibilityArchival{State: disabled},
		},
		NamespaceDefaults: config.NamespaceDefaults{
			Archival: config.ArchivalNamespaceDefaults{
				History:    config.HistoryArchivalNamespaceDefaults{State: disabled},
				Visibility: config.VisibilityArchivalNamespaceDefaults{State: disabled},
			},
		},
	}
}

// memoryDatabase names a database of its own, because the server's pool shares
// one database among all that ask for the same name.
func memoryDatabase() *config.SQL {
	return &config.SQL{
		PluginName:        sqliteplugin.PluginName,
		DatabaseName:      "embedded-" + uuid.NewString(),
		ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
	}
}

// staticHosts tells every service where the others are. A cluster that finds its
// members by gossip takes seconds to agree that it has one.
func staticHosts(cfg *config.Config) map[primitives.ServiceName]static.Hosts {
	hosts := make(map[primitives.ServiceName]static.Hosts, len(cfg.Services))
	for name, service := range cfg.Services {
		at := net.JoinHostPort(loopback, strconv.Itoa(service.RPC.GRPCPort))
		hosts[primitives.ServiceName(name)] = static.SingleLocalHost(at)
	}
	return hosts
}

// defaultDynamicConfig is what a server for tests needs otherwise than a
// production cluster does; Options.DynamicConfig overrides it.
func defaultDynamicConfig() map[string]any {
	return map[string]any{
		// A search attribute added through the API is usable at once.
		"system.forceSearchAttributesCacheRefreshOnRead": true,
		// Timers may wait that long for clocks that disagree, by default a second.
		// Here is one clock.
		"history.timerProcessorMaxTimeShift": "1ms",
		// One process gains nothing from more than one partition of a task queue,
		// and where there are more, a task can be lost until it times out: one that
		// is matched to a poll which was forwarded to another partition in the
		// instant in which its worker stops and ShutdownWorker ends the poll.
		"matching.numTaskqueueReadPartitions":  1,
		"matching.numTaskqueueWritePartitions": 1,
	}
}

// freePorts finds n free TCP ports on loopback. All are held until all are found,
// so that they differ. Each then has one connection closed from the listening
// side: the port stays in TIME_WAIT for a minute, in which the system gives it
// to nobody who asks for any port, while the server, which asks for this
// one, gets it.
func freePorts(ctx context.Context, n int) ([]int, error) {
	var listen net.ListenConfig
	ports := make([]int, 0, n)
	for range n {
		listener, err := listen.Listen(ctx, "tcp", net.JoinHostPort(loopback, "0"))
		if err != nil {
			return nil, fmt.Errorf("embedded: find a free port on %s: %w", loopback, err)
		}
		defer listener.Close()
		address, ok := listener.Addr().(*net.TCPAddr)
		if !ok {
			return nil, fmt.Errorf("embedded: listener has no TCP address: %v", listener.Addr())
		}
		if err := reserve(listener, address); err != nil {
			return nil, fmt.Errorf("embedded: reserve port %d: %w", address.Port, err)
		}
		ports = append(ports, address.Port)
	}
	return ports, nil
}

func reserve(listener net.Listener, address *net.TCPAddr) error {
	dialled, err := net.DialTCP("tcp", nil, address)
	if err != nil {
		return err
	}
	defer dialled.Close()
	accepted, err := listener.Accept()
	if err != nil {
		return err
	}
	return accepted.Close()
}
