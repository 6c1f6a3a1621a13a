module github.com/mainspring-go/mainspring/shutdown

go 1.26.0
