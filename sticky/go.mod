module github.com/mainspring-go/mainspring/sticky

go 1.26.0
