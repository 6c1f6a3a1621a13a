package converter_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// texts are texts with every byte alone, at either end and within, and what else JSON has a word for.
func texts() []string {
	all := []string{
		"", "plain", "\u2028", "a\u2029b", "naïve", "日本", "\ufffd", "\xed\xa0\x80", "\xf0\x9f\x98\x80",
		"\xf0\x9f\x98", "</script>", strings.Repeat("x", 100_000), `\u0041`, `"`, `""`,
	}
	for b := range 256 {
		s := string([]byte{byte(b)})
		all = append(all, s, s+"a", "a"+s, "a"+s+"b")
		for at := range 8 { // and in eight bytes among others
			all = append(all, strings.Repeat("a", 8+at)+s+strings.Repeat("z", 15-at))
		}
	}
	return all
}

// Texts are encoded and decoded as encoding/json does, whether it has to escape anything or not.
func TestTextsAreWhatEncodingJSONMakesOfThem(t *testing.T) {
	t.Parallel()
	c := converter.NewJSONPayloadConverter()
	for _, text := range texts() {
		want, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		p, err := c.ToPayload(text)
		if err != nil || !bytes.Equal(p.GetData(), want) {
			t.Errorf("%.20q is encoded as %.20q, %v, want %.20q", text, p.GetData(), err, want)
		}
		for _, data := range []string{string(want), text, `"` + text, text + `"`, `"` + text + `"`, ` "` + text + `"`, `"` + text + "\"\n"} {
			checkDecoded(t, c, data)
		}
	}
}

func checkDecoded(t *testing.T, c *converter.JSONPayloadConverter, data string) {
	t.Helper()
	want, got := "before", "before"
	wantErr := json.Unmarshal([]byte(data), &want)
	err := c.FromPayload(&commonpb.Payload{Data: []byte(data)}, &got)
	if got != want || (err == nil) != (wantErr == nil) {
		t.Errorf("%.20q is decoded as %.20q, %v, want %.20q, %v", data, got, err, want, wantErr)
	}
	if wantErr != nil && err != nil && err.Error() != fmt.Sprintf("%v: %v", converter.ErrUnableToDecode, wantErr) {
		t.Errorf("%.20q: error %q, want that with %q", data, err, wantErr)
	}
}

func TestTextsAreDecodedIntoAPointerOnly(t *testing.T) {
	t.Parallel()
	c := converter.NewJSONPayloadConverter()
	if err := c.FromPayload(&commonpb.Payload{Data: []byte(`"text"`)}, (*string)(nil)); err == nil {
		t.Error("a text was decoded into nothing")
	}
}

// A text that is decoded is not the payload's memory, which its owner may use again.
func TestTextsDoNotAliasThePayload(t *testing.T) {
	t.Parallel()
	data := []byte(`"text"`)
	var got string
	if err := converter.NewJSONPayloadConverter().FromPayload(&commonpb.Payload{Data: data}, &got); err != nil {
		t.Fatal(err)
	}
	clear(data)
	if got != "text" {
		t.Errorf("the text has become %q", got)
	}
}

func FuzzText(f *testing.F) {
	for _, text := range texts()[:15] {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := converter.NewJSONPayloadConverter()
		p, err := c.ToPayload(text)
		want, wantErr := json.Marshal(text)
		if err != nil || wantErr != nil || !bytes.Equal(p.GetData(), want) {
			t.Errorf("%q is encoded as %q, %v, want %q, %v", text, p.GetData(), err, want, wantErr)
		}
		checkDecoded(t, c, text)
		checkDecoded(t, c, `"`+text+`"`)
	})
}

func BenchmarkText(b *testing.B) {
	c := converter.NewJSONPayloadConverter()
	for _, size := range []int{100, 1_000_000} {
		text := strings.Repeat("x", size)
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p, err := c.ToPayload(text)
				var got string
				if err == nil {
					err = c.FromPayload(p, &got)
				}
				if err != nil || len(got) != size {
					b.Fatal(len(got), err)
				}
			}
		})
	}
}
