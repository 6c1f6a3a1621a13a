package codecserver

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// maxComplaint is how much of a server's complaint an error has, in bytes.
const maxComplaint = 4096

// RemotePayloadCodecOptions are the options of NewRemotePayloadCodec.
type RemotePayloadCodecOptions struct {
	// Endpoint is the URL of the server, to which /encode and /decode are added.
	Endpoint string
	// ModifyRequest changes a request before it is sent, to add credentials for instance. Its
	// error is that of the codec. Nil changes nothing.
	ModifyRequest func(*http.Request) error
	// Client sends the requests. Set its Timeout: the default is none.
	Client http.Client
}

// NewRemotePayloadCodec returns a codec that asks a server, such as one with the handler of
// NewPayloadCodecHTTPHandler. Every call is a request; none is repeated.
func NewRemotePayloadCodec(options RemotePayloadCodecOptions) converter.PayloadCodec {
	options.Endpoint = strings.TrimSuffix(options.Endpoint, "/")
	return &remoteCodec{options}
}

// RemoteDataConverterOptions are the options of NewRemoteDataConverter: those of
// NewRemotePayloadCodec.
type RemoteDataConverterOptions struct {
	// Endpoint is as in RemotePayloadCodecOptions.
	Endpoint string
	// ModifyRequest is as in RemotePayloadCodecOptions.
	ModifyRequest func(*http.Request) error
	// Client is as in RemotePayloadCodecOptions.
	Client http.Client
}

// NewRemoteDataConverter returns parent with the codec of NewRemotePayloadCodec around it.
func NewRemoteDataConverter(
	parent converter.DataConverter, options RemoteDataConverterOptions,
) converter.DataConverter {
	codec := NewRemotePayloadCodec(RemotePayloadCodecOptions(options))
	return converter.NewCodecDataConverter(parent, codec)
}

type remoteCodec struct {
	options RemotePayloadCodecOptions
}

// Encode asks the server to encode the payloads.
func (c *remoteCodec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	return c.ask(encodePath, payloads)
}

// Decode asks the server to decode the payloads.
func (c *remoteCodec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	return c.ask(decodePath, payloads)
}

func (c *remoteCodec) ask(
	path string, payloads []*commonpb.Payload,
) ([]*commonpb.Payload, error) {
	question, err := marshal(payloads)
	if err != nil {
		return nil, fmt.Errorf("unable to marshal payloads: %w", err)
	}
	// Codecs have no context; the client's timeout bounds the call.
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost,
		c.options.Endpoint+path, bytes.NewReader(question))
	if err != nil {
		return nil, fmt.Errorf("unable to build request: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	if c.options.ModifyRequest != nil {
		if err := c.options.ModifyRequest(request); err != nil {
			return nil, err
		}
	}
	response, err := c.options.Client.Do(request)
	if err != nil {
		return nil, err
	}
	//nolint:errcheck // a reader has nothing left to lose
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, complaint(response)
	}
	answer, err := readPayloads(response.Body)
	if err != nil {
		return nil, fmt.Errorf("unable to unmarshal payloads: %w", err)
	}
	if len(answer) != len(payloads) {
		return nil, fmt.Errorf("received %d payloads from remote codec, expected %d",
			len(answer), len(payloads))
	}
	return answer, nil
}

// complaint is the error of an answer that is not 200.
func complaint(response *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(response.Body, maxComplaint))
	if err != nil {
		text = fmt.Appendf(text, " (cut short: %v)", err)
	}
	return fmt.Errorf("%s: %s", http.StatusText(response.StatusCode), bytes.TrimSpace(text))
}
