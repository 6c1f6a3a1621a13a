module github.com/mainspring-go/mainspring/workflow

go 1.26.0

require github.com/mainspring-go/mainspring/temporal v0.0.0

require go.temporal.io/api v1.64.1 // indirect

replace github.com/mainspring-go/mainspring/temporal => ../temporal
