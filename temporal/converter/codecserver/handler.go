package codecserver

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// The ends of the paths that a server of codecs has.
const (
	encodePath = "/encode"
	decodePath = "/decode"
)

// NewPayloadCodecHTTPHandler returns a handler that applies the codecs to what is posted to a path
// that ends with /encode or /decode: payloads as JSON, as the answer is. As in a data converter,
// the last codec encodes first and decodes last. What is wrong with a request, or with a payload
// for a codec, is answered with status 400 and the error.
func NewPayloadCodecHTTPHandler(e ...converter.PayloadCodec) http.Handler {
	return codecHandler{codecs: e}
}

type codecHandler struct {
	codecs []converter.PayloadCodec
}

func (h codecHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	work := h.workFor(r)
	if work == nil {
		http.NotFound(w, r)
		return
	}
	payloads, err := readPayloads(r.Body)
	if err == nil {
		payloads, err = work(payloads)
	}
	var answer []byte
	if err == nil {
		answer, err = marshal(payloads)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	//nolint:errcheck // whoever asked is gone, and nobody else would hear of it
	w.Write(answer)
}

// workFor returns what a request asks for; nil if it is nothing that is served.
func (h codecHandler) workFor(
	r *http.Request,
) func([]*commonpb.Payload) ([]*commonpb.Payload, error) {
	switch {
	case r.Method != http.MethodPost:
		return nil
	case strings.HasSuffix(r.URL.Path, encodePath):
		return h.encode
	case strings.HasSuffix(r.URL.Path, decodePath):
		return h.decode
	}
	return nil
}

func (h codecHandler) encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	for _, codec := range slices.Backward(h.codecs) {
		var err error
		if payloads, err = codec.Encode(payloads); err != nil {
			return nil, err
		}
	}
	return payloads, nil
}

func (h codecHandler) decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	for _, codec := range h.codecs {
		var err error
		if payloads, err = codec.Decode(payloads); err != nil {
			return nil, err
		}
	}
	return payloads, nil
}

func readPayloads(body io.Reader) ([]*commonpb.Payload, error) {
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	var payloads commonpb.Payloads
	if err := protojson.Unmarshal(data, &payloads); err != nil {
		return nil, err
	}
	return payloads.GetPayloads(), nil
}

// marshal writes payloads as JSON without the blanks that protojson varies.
func marshal(payloads []*commonpb.Payload) ([]byte, error) {
	data, err := protojson.Marshal(&commonpb.Payloads{Payloads: payloads})
	if err != nil {
		return nil, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, data); err != nil {
		return nil, err
	}
	return compact.Bytes(), nil
}
