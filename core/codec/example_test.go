package codec_test

import (
	"fmt"

	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/core/codec"
	"github.com/mainspring-go/mainspring/core/connect"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

func ExampleNewPayloadCodecGRPCClientInterceptor() {
	compression, err := codec.NewPayloadCodecGRPCClientInterceptor(
		codec.PayloadCodecGRPCClientInterceptorOptions{
			Codecs: []converter.PayloadCodec{converter.NewZlibCodec(converter.ZlibCodecOptions{})},
		})
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := connect.Dial(connect.Options{
		Address:     "localhost:7233", // nobody is called yet
		DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(compression)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(client.Close())
	// Output: <nil>
}
