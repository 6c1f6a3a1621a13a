package connect_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/mainspring-go/mainspring/core/connect"
)

func ExampleDial() {
	client, err := connect.Dial(connect.Options{
		Address:   "my-namespace.a1b2c.tmprl.cloud:7233",
		Namespace: "my-namespace.a1b2c",
		// Asked at each call, so that a new key needs no restart. It turns TLS on.
		APIKey: func(context.Context) (string, error) {
			key, ok := os.LookupEnv("TEMPORAL_API_KEY")
			if !ok {
				return "", errors.New("TEMPORAL_API_KEY is not set")
			}
			return key, nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// Nothing was sent so far: calls wait for the server.
	fmt.Println(client.Namespace(), client.Close())
	// Output: my-namespace.a1b2c <nil>
}

func ExampleOptionError() {
	_, err := connect.Dial(connect.Options{Address: "https://temporal.example.com", KeepAlive: -1})
	fmt.Println(err)
	var option *connect.OptionError
	fmt.Println(errors.As(err, &option), option.Field)
	// Output:
	// connect: Address is "https://temporal.example.com": use host:port; Options.TLS turns TLS on
	// connect: KeepAlive is -1ns: use zero for the default of 30s or at least 10s
	// true Address
}
