// Package codec has gRPC interceptors that encode what a client sends, and decode what it gets, as
// a data converter with codecs would: for programs that speak the Temporal API without one, such as
// proxies and tools.
//
//	encryption, err := codec.NewPayloadCodecGRPCClientInterceptor(
//		codec.PayloadCodecGRPCClientInterceptorOptions{Codecs: codecs})
//	...
//	client, err := connect.Dial(connect.Options{
//		Address:     "localhost:7233",
//		DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(encryption)},
//	})
//
// A worker with such a connection needs no codecs in its data converter: with both, payloads are
// encoded twice. If failures are to be encoded too, their interceptor comes first, so that its
// payloads pass the codecs.
//
// The interceptors know neither workflow nor activity that a payload belongs to: codecs that want a
// serialization context do not get one. They are safe for concurrent use if the codecs are.
package codec
