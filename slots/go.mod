module github.com/mainspring-go/mainspring/slots

go 1.26.0
