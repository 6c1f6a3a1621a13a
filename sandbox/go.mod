module github.com/mainspring-go/mainspring/sandbox

go 1.26.0

require (
	github.com/tetratelabs/wazero v1.12.0
	golang.org/x/sys v0.48.0
)
