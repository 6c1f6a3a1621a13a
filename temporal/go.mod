module github.com/mainspring-go/mainspring/temporal

go 1.26.0
