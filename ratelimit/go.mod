module github.com/mainspring-go/mainspring/ratelimit

go 1.26.0
