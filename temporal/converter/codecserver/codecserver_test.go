package codecserver_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/converter/codecserver"
)

// suffix is a codec that appends its name to the data and insists on it when decoding.
type suffix string

var errForeign = errors.New("not encoded by this codec")

func (s suffix) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	result := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		result[i] = proto.CloneOf(p)
		result[i].Data = append(result[i].Data, s...)
	}
	return result, nil
}

func (s suffix) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	result := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		data, ok := strings.CutSuffix(string(p.GetData()), string(s))
		if !ok {
			return nil, errForeign
		}
		result[i] = proto.CloneOf(p)
		result[i].Data = []byte(data)
	}
	return result, nil
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func payload(data string) *commonpb.Payload {
	return &commonpb.Payload{
		Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(data),
	}
}

func TestCodecAsksHandler(t *testing.T) {
	t.Parallel()
	url := serve(t, codecserver.NewPayloadCodecHTTPHandler(suffix("outer"), suffix("inner")))
	for _, endpoint := range []string{url, url + "/", url + "/some/where"} {
		codec := codecserver.NewRemotePayloadCodec(codecserver.RemotePayloadCodecOptions{Endpoint: endpoint})
		plain := []*commonpb.Payload{payload("1"), payload("2")}
		encoded, err := codec.Encode(plain)
		if err != nil {
			t.Fatal(err)
		}
		want := []*commonpb.Payload{payload("1innerouter"), payload("2innerouter")}
		if diff := cmp.Diff(want, encoded, protocmp.Transform()); diff != "" {
			t.Errorf("encoded (-want +got):\n%s", diff)
		}
		decoded, err := codec.Decode(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(plain, decoded, protocmp.Transform()); diff != "" {
			t.Errorf("decoded (-want +got):\n%s", diff)
		}
	}
}

func TestRemoteDataConverter(t *testing.T) {
	t.Parallel()
	dc := codecserver.NewRemoteDataConverter(converter.GetDefaultDataConverter(),
		codecserver.RemoteDataConverterOptions{
			Endpoint: serve(t, codecserver.NewPayloadCodecHTTPHandler(suffix("x"))),
		})
	payloads, err := dc.ToPayloads("a", 7)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(payloads.GetPayloads()[0].GetData()); got != `"a"x` {
		t.Errorf("encoded %s", got)
	}
	var s string
	var n int
	if err := dc.FromPayloads(payloads, &s, &n); err != nil || s != "a" || n != 7 {
		t.Errorf("decoded %q, %d, %v", s, n, err)
	}
	if err := dc.FromPayload(payload("1"), &n); err == nil ||
		err.Error() != "Bad Request: not encoded by this codec" {
		t.Errorf("error %v, want that of the server's codec", err)
	}
}

func TestHandlerAnswers(t *testing.T) {
	t.Parallel()
	h := codecserver.NewPayloadCodecHTTPHandler(suffix("x"))
	const one = `{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"MQ=="}]}`
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{
			"POST", "/a/encode", one, 200,
			`{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"MXg="}]}`,
		},
		{"POST", "/encode", `{}`, 200, `{}`},
		{"POST", "/decode", one, 400, "not encoded by this codec\n"},
		{"POST", "/encode", `{`, 400, ""},
		{"POST", "/encode", `{"payloads":3}`, 400, ""},
		{"POST", "/encode", ``, 400, ""},
		{"POST", "/encoder", one, 404, "404 page not found\n"},
		{"GET", "/encode", ``, 404, "404 page not found\n"},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), tt.method, tt.path,
				strings.NewReader(tt.body)))
			if w.Code != tt.status || tt.want != "" && w.Body.String() != tt.want {
				t.Errorf("answer %d %s, want %d %s", w.Code, w.Body, tt.status, tt.want)
			}
		})
	}
}

func TestCodecTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	errModify := errors.New("no credentials")
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			if _, err := io.WriteString(w, body); err != nil {
				t.Error(err)
			}
		}
	}
	for name, tt := range map[string]struct {
		options codecserver.RemotePayloadCodecOptions
		want    string
	}{
		"complaint": {
			codecserver.RemotePayloadCodecOptions{Endpoint: serve(t, answer(403, "go away\n"))},
			"Forbidden: go away",
		},
		"too few": {
			codecserver.RemotePayloadCodecOptions{Endpoint: serve(t, answer(200, "{}"))},
			"received 0 payloads from remote codec, expected 1",
		},
		"no JSON": {
			codecserver.RemotePayloadCodecOptions{Endpoint: serve(t, answer(200, "<html>"))},
			"unable to unmarshal payloads: ",
		},
		"no URL": {
			codecserver.RemotePayloadCodecOptions{Endpoint: "http://[bad"}, "unable to build request: ",
		},
		"nobody there": {
			codecserver.RemotePayloadCodecOptions{Endpoint: "http://127.0.0.1:1"}, "refused",
		},
		"modify": {
			codecserver.RemotePayloadCodecOptions{
				Endpoint:      serve(t, answer(200, "{}")),
				ModifyRequest: func(*http.Request) error { return errModify },
			}, "no credentials",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := codecserver.NewRemotePayloadCodec(tt.options).Encode([]*commonpb.Payload{payload("1")})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

func TestRequestsCanBeModified(t *testing.T) {
	t.Parallel()
	codecs := codecserver.NewPayloadCodecHTTPHandler(suffix("x"))
	guarded := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "secret" || r.Header.Get("Content-Type") != "application/json" {
			http.Error(w, "who are you", http.StatusUnauthorized)
			return
		}
		codecs.ServeHTTP(w, r)
	})
	codec := codecserver.NewRemotePayloadCodec(codecserver.RemotePayloadCodecOptions{
		Endpoint: serve(t, guarded),
		ModifyRequest: func(r *http.Request) error {
			r.Header.Set("Authorization", "secret")
			return nil
		},
	})
	if _, err := codec.Encode([]*commonpb.Payload{payload("1")}); err != nil {
		t.Error(err)
	}
}

// FuzzHandler: whatever is posted, the handler answers with payloads or a complaint.
func FuzzHandler(f *testing.F) {
	for _, seed := range []string{
		`{"payloads":[{"metadata":{"encoding":"YmluYXJ5L3psaWI="},"data":"MQ=="}]}`,
		`{"payloads":[null]}`, `{"payloads":[{}]}`, `{`, `[]`, ``,
	} {
		f.Add(seed)
	}
	h := codecserver.NewPayloadCodecHTTPHandler(converter.NewZlibCodec(converter.ZlibCodecOptions{}))
	f.Fuzz(func(t *testing.T, body string) {
		for _, path := range []string{"/encode", "/decode"} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, path,
				strings.NewReader(body)))
			if w.Code != http.StatusOK && (w.Code != http.StatusBadRequest || w.Body.Len() == 0) {
				t.Errorf("%s: answer %d %s", path, w.Code, w.Body)
			}
		}
	})
}
