package codecserver_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/converter/codecserver"
)

// A server has the codec, and a data converter asks it.
func Example() {
	zlib := converter.NewZlibCodec(converter.ZlibCodecOptions{AlwaysEncode: true})
	server := httptest.NewServer(codecserver.NewPayloadCodecHTTPHandler(zlib))
	defer server.Close()

	dc := codecserver.NewRemoteDataConverter(converter.GetDefaultDataConverter(),
		codecserver.RemoteDataConverterOptions{
			Endpoint: server.URL,
			Client:   http.Client{Timeout: 5 * time.Second},
		})
	payload, err := dc.ToPayload("order-7")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(payload.GetMetadata()["encoding"]), dc.ToString(payload))
	// Output: binary/zlib "order-7"
}
