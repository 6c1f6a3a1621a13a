module github.com/mainspring-go/mainspring/testkit

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/mainspring-go/mainspring/activity v0.0.0
	github.com/mainspring-go/mainspring/core v0.0.0
	github.com/mainspring-go/mainspring/poller v0.0.0
	github.com/mainspring-go/mainspring/ratelimit v0.0.0
	github.com/mainspring-go/mainspring/shutdown v0.0.0
	github.com/mainspring-go/mainspring/slots v0.0.0
	github.com/mainspring-go/mainspring/sticky v0.0.0
	github.com/mainspring-go/mainspring/temporal v0.0.0
	github.com/mainspring-go/mainspring/workflow v0.0.0
	github.com/robfig/cron/v3 v3.0.1
	go.temporal.io/api v1.64.1
	google.golang.org/grpc v1.85.0
	google.golang.org/protobuf v1.36.12
)

require (
	github.com/grpc-ecosystem/grpc-gateway/v2 v2.22.0 // indirect
	github.com/mainspring-go/mainspring/core/connect v0.0.0 // indirect
	github.com/mainspring-go/mainspring/interceptor v0.0.0 // indirect
	github.com/nexus-rpc/nexus-proto-annotations v0.1.0 // indirect
	golang.org/x/net v0.60.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
	golang.org/x/text v0.42.0 // indirect
	golang.org/x/time v0.15.0 // indirect
	google.golang.org/genproto/googleapis/api v0.0.0-20260817212433-ac3dfec99bb1 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260817212433-ac3dfec99bb1 // indirect
)

replace (
	github.com/mainspring-go/mainspring/activity => ../activity
	github.com/mainspring-go/mainspring/core => ../core
	github.com/mainspring-go/mainspring/core/connect => ../core/connect
	github.com/mainspring-go/mainspring/interceptor => ../interceptor
	github.com/mainspring-go/mainspring/poller => ../poller
	github.com/mainspring-go/mainspring/ratelimit => ../ratelimit
	github.com/mainspring-go/mainspring/shutdown => ../shutdown
	github.com/mainspring-go/mainspring/slots => ../slots
	github.com/mainspring-go/mainspring/sticky => ../sticky
	github.com/mainspring-go/mainspring/temporal => ../temporal
	github.com/mainspring-go/mainspring/workflow => ../workflow
)
