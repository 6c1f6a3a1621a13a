module github.com/mainspring-go/mainspring/poller

go 1.26.0
