module github.com/mainspring-go/mainspring/integration/examples/directory

go 1.26.0

require (
	github.com/mainspring-go/mainspring/poller v0.0.0
	github.com/mainspring-go/mainspring/ratelimit v0.0.0
	github.com/mainspring-go/mainspring/shutdown v0.0.0
	github.com/mainspring-go/mainspring/slots v0.0.0
)

require golang.org/x/time v0.15.0 // indirect

replace (
	github.com/mainspring-go/mainspring/poller => ../../../poller
	github.com/mainspring-go/mainspring/ratelimit => ../../../ratelimit
	github.com/mainspring-go/mainspring/shutdown => ../../../shutdown
	github.com/mainspring-go/mainspring/slots => ../../../slots
)
