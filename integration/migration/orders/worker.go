package main

import (
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
)

func runWorker(c client.Client, queue string) error {
	w := worker.New(c, queue, worker.Options{
		MaxConcurrentActivityExecutionSize: 50,
		WorkerStopTimeout:                  5 * time.Second,
	})
	w.RegisterWorkflow(Order)
	w.RegisterWorkflow(Parcel)
	w.RegisterActivity(&Shop{})
	return w.Run(worker.InterruptCh())
}
