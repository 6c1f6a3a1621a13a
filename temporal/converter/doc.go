// Package converter turns Go values into Temporal payloads and back.
//
// A [DataConverter] is a list of [PayloadConverter] values: on encode the first that accepts the
// value wins, on decode the payload's "encoding" metadata chooses. The default one knows nil,
// bytes, protobuf (as JSON and as binary) and JSON, in that order, and writes what every other
// Temporal SDK reads. A [PayloadCodec] rewrites whole payloads (compression, encryption) around a
// data converter.
//
//	dc := converter.NewCodecDataConverter(
//		converter.GetDefaultDataConverter(),
//		converter.NewZlibCodec(converter.ZlibCodecOptions{}),
//	)
//	payloads, err := dc.ToPayloads("order-7", 42)
//	if err != nil {
//		return err
//	}
//	var id string
//	var count int
//	err = dc.FromPayloads(payloads, &id, &count)
//
// Everything here is safe for concurrent use and holds no state that changes. No function panics
// on a payload it cannot read: it returns an error that wraps one of this package's Err values.
//
// The package does no I/O: codecs over HTTP are in package codecserver, gRPC interceptors that apply
// codecs in package codec of module core. External payload storage there is none.
package converter
