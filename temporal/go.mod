module github.com/mainspring-go/mainspring/temporal

go 1.26.0

require (
	go.temporal.io/api v1.64.1
	google.golang.org/protobuf v1.36.12
)

require github.com/google/go-cmp v0.7.0
