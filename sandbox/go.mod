module github.com/mainspring-go/mainspring/sandbox

go 1.26.0
