package compat

import (
	"bytes"
	"encoding/json"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// withoutSpaces takes the spaces out of protobuf messages that payloads of m hold
// as JSON: package protojson puts some in or not, by the binary that it is in.
func withoutSpaces(m protoreflect.Message) {
	if p, ok := m.Interface().(*commonpb.Payload); ok {
		var b bytes.Buffer
		if string(p.GetMetadata()[converter.MetadataEncoding]) == converter.MetadataEncodingProtoJSON &&
			json.Compact(&b, p.GetData()) == nil {
			p.Data = b.Bytes()
		}
		return
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap() && f.MapValue().Message() != nil:
			v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
				withoutSpaces(v.Message())
				return true
			})
		case f.IsList() && f.Message() != nil:
			for i := range v.List().Len() {
				withoutSpaces(v.List().Get(i).Message())
			}
		case !f.IsMap() && f.Message() != nil:
			withoutSpaces(v.Message())
		}
		return true
	})
}
