// Package codecserver runs payload codecs over HTTP: a handler that serves codecs, and a codec that
// asks such a server.
//
// The server may be one of another SDK, and so may be who asks: the Temporal UI and CLI, for
// instance, show people what only the server can decrypt.
//
//	http.Handle("/codec/", codecserver.NewPayloadCodecHTTPHandler(encryption))
//
//	codec := codecserver.NewRemotePayloadCodec(codecserver.RemotePayloadCodecOptions{
//		Endpoint: "https://codec.example.com/codec",
//		Client:   http.Client{Timeout: 5 * time.Second},
//	})
//
// Names and behaviour are those of the Go SDK's package converter. They are apart from ours since
// they bring net/http along, which workflow code does without. All is safe for concurrent use if
// the codecs are.
//
// The handler checks no credentials and bounds no body: put it behind what does, such as
// http.MaxBytesHandler. A codec waits as long as its http.Client does, which by default is for ever.
package codecserver
