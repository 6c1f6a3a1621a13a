module github.com/mainspring-go/mainspring/sandbox

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/mainspring-go/mainspring/activity v0.0.0
	github.com/mainspring-go/mainspring/temporal v0.0.0
	github.com/mainspring-go/mainspring/workflow v0.0.0
	github.com/tetratelabs/wazero v1.12.0
	go.temporal.io/api v1.64.1
	golang.org/x/sys v0.48.0
	google.golang.org/protobuf v1.36.12
)

replace (
	github.com/mainspring-go/mainspring/activity => ../activity
	github.com/mainspring-go/mainspring/temporal => ../temporal
	github.com/mainspring-go/mainspring/workflow => ../workflow
)
