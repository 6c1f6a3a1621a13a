module github.com/mainspring-go/mainspring/interceptor

go 1.26.0

require (
	github.com/mainspring-go/mainspring/activity v0.0.0
	github.com/mainspring-go/mainspring/workflow v0.0.0
	go.temporal.io/api v1.64.1
)

require (
	github.com/mainspring-go/mainspring/temporal v0.0.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)

replace (
	github.com/mainspring-go/mainspring/activity => ../activity
	github.com/mainspring-go/mainspring/temporal => ../temporal
	github.com/mainspring-go/mainspring/workflow => ../workflow
)
