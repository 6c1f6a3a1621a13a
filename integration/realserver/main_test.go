package realserver_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/server/common/dynamicconfig"

	"github.com/mainspring-go/mainspring/integration/embedded"
	"github.com/mainspring-go/mainspring/integration/scenarios"
)

// server is the one server of this test binary; TestMain sets it.
var server *embedded.Server

func TestMain(m *testing.M) {
	beChild()
	if settings := os.Getenv(partEnv); settings != "" {
		if err := beVictim(settings); err != nil {
			fmt.Fprintln(os.Stderr, "realserver:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	manyAtOnce()
	code, err := withServer(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, "realserver:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// manyAtOnce lets more tests run at once than there are processors, unless the command
// says how many: they wait for timers most of the time.
func manyAtOnce() {
	if f := flag.Lookup("test.parallel"); f.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		_ = f.Value.Set(strconv.Itoa(max(4, runtime.GOMAXPROCS(0))))
	}
}

// withServer runs the tests while the server runs. Set REALSERVER_LOG=1 to see
// what the server warns about.
func withServer(run func() int) (code int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	opts := embedded.Options{
		Namespaces:       []string{otherNamespace, invitedNamespace, scenarios.Limited, oldNamespace},
		SearchAttributes: scenarios.SearchAttributes(),
		// The server ends the polls of a worker that stops, as the service in
		// memory does. Without it a task may go to a poll that was just given up,
		// and comes back when it has timed out.
		DynamicConfig: map[string]any{
			"frontend.enableCancelWorkerPollsOnShutdown": []dynamicconfig.ConstrainedValue{
				{Constraints: dynamicconfig.Constraints{Namespace: oldNamespace}, Value: false},
				{Value: true},
			},
			// What is told of a queue is never old.
			"matching.TaskQueueInfoByBuildIdTTL": "1ms",
			// Task queues may have versions of their own, as they had before deployments.
			"frontend.workerVersioningDataAPIs": true,
			"frontend.workerVersioningRuleAPIs": true,
			// A server lets a namespace list ten times a second.
			"frontend.namespaceRPS.visibility": 100000,
		},
	}
	maps.Copy(opts.DynamicConfig, lowLimits())
	if os.Getenv("REALSERVER_LOG") != "" {
		opts.Logger = slog.New(slog.NewTextHandler(os.Stderr,
			&slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	server, err = embedded.Start(ctx, opts)
	if err != nil {
		return 1, err
	}
	code = run()
	return code, server.Stop()
}

// patience is how long a test waits for what should come within moments, on a
// machine that may have other things to do.
const patience = 90 * time.Second

// These exist beside the default one: for tests of namespaces, and for a shop of
// the quickstart, whose task queue is fixed.
const (
	otherNamespace   = "other"
	invitedNamespace = "invited"
	// Here the server does not end the polls of a worker that stops, as older ones.
	oldNamespace = "old"
)

// taskQueue is a task queue that no other test uses.
func taskQueue(t *testing.T) string {
	t.Helper()
	return strings.ReplaceAll(t.Name(), "/", "-")
}

// sdkClient is a client of the Go SDK for the default namespace, closed when the
// test ends.
func sdkClient(t *testing.T) client.Client {
	t.Helper()
	return sdkClientOf(t, embedded.DefaultNamespace)
}

// sdkClientOf is sdkClient for a namespace by name.
func sdkClientOf(t *testing.T, namespace string) client.Client {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort:  server.Address(),
		Namespace: namespace,
		Logger:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatalf("dial the server at %s: %v", server.Address(), err)
	}
	t.Cleanup(c.Close)
	return c
}

// lowLimits are the limits of the namespace of the scenarios about them.
func lowLimits() map[string]any {
	out := make(map[string]any)
	for key, value := range map[string]int{
		"limit.blobSize.error":                    scenarios.LimitedBlob,
		"limit.blobSize.warn":                     scenarios.LimitedBlobWarn,
		"limit.memoSize.error":                    scenarios.LimitedMemo,
		"limit.memoSize.warn":                     scenarios.LimitedMemo,
		"limit.historyCount.error":                scenarios.LimitedEvents,
		"limit.historyCount.suggestContinueAsNew": scenarios.LimitedEventsSuggest,
		"limit.historySize.error":                 scenarios.LimitedHistory,
		"limit.historySize.suggestContinueAsNew":  scenarios.LimitedHistorySuggest,
		"limit.numPendingActivities.error":        scenarios.LimitedPending,
		"limit.numPendingChildExecutions.error":   scenarios.LimitedPending,
		"limit.numPendingSignals.error":           scenarios.LimitedPending,
		"limit.numPendingCancelRequests.error":    scenarios.LimitedPending,
		"history.maxInFlightUpdates":              scenarios.LimitedUpdatesAtOnce,
		"history.maxTotalUpdates":                 scenarios.LimitedUpdates,
		"history.maximumSignalsPerExecution":      scenarios.LimitedSignals,
	} {
		out[key] = []dynamicconfig.ConstrainedValue{{
			Constraints: dynamicconfig.Constraints{Namespace: scenarios.Limited}, Value: value,
		}}
	}
	return out
}
