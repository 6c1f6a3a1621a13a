package converter_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// integers are those at the ends of what has n digits, and at those of what an int holds.
func integers() []int {
	all := []int{0, math.MaxInt, math.MaxInt - 1, math.MinInt, math.MinInt + 1, math.MaxInt32, math.MinInt32}
	for n := 1; n < math.MaxInt/10; n *= 10 {
		all = append(all, n, -n, n-1, 1-n, n+1, -n-1)
	}
	return all
}

// Integers are encoded and decoded as encoding/json does.
func TestIntegersAreWhatEncodingJSONMakesOfThem(t *testing.T) {
	t.Parallel()
	c := converter.NewJSONPayloadConverter()
	for _, n := range integers() {
		want, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		p, err := c.ToPayload(n)
		if err != nil || !bytes.Equal(p.GetData(), want) {
			t.Errorf("%d is encoded as %s, %v", n, p.GetData(), err)
		}
		text := string(want)
		for _, data := range []string{
			text, "-" + text, "+" + text, "0" + text, " " + text, text + "\n", text + "0", text + "000", text + ".0",
			text + "e1", text + "x", text + " 1", "[" + text + "]", `"` + text + `"`, strings.Replace(text, "0", ":", 1),
		} {
			checkInteger(t, c, data)
		}
	}
	for _, data := range []string{"", "-", "null", "-0", "00", "true", "1/1", strings.Repeat("9", 30)} {
		checkInteger(t, c, data)
	}
}

func checkInteger(t *testing.T, c *converter.JSONPayloadConverter, data string) {
	t.Helper()
	want, got := -77, -77
	wantErr := json.Unmarshal([]byte(data), &want)
	err := c.FromPayload(&commonpb.Payload{Data: []byte(data)}, &got)
	if got != want || (err == nil) != (wantErr == nil) {
		t.Errorf("%q is decoded as %d, %v, want %d, %v", data, got, err, want, wantErr)
	}
	if wantErr != nil && err != nil && err.Error() != fmt.Sprintf("%v: %v", converter.ErrUnableToDecode, wantErr) {
		t.Errorf("%q: error %q, want that with %q", data, err, wantErr)
	}
}

// Types of their own say themselves what they are in JSON.
type grade int

func (g grade) MarshalJSON() ([]byte, error) { return json.Marshal(strings.Repeat("x", int(g))) }

func TestOtherIntegersAreLeftToEncodingJSON(t *testing.T) {
	t.Parallel()
	c := converter.NewJSONPayloadConverter()
	if p, err := c.ToPayload(grade(3)); err != nil || string(p.GetData()) != `"xxx"` {
		t.Errorf("%s, %v", p.GetData(), err)
	}
	if err := c.FromPayload(&commonpb.Payload{Data: []byte("1")}, (*int)(nil)); err == nil {
		t.Error("a number was decoded into nothing")
	}
}

// A number takes what its payload does, and nothing beside.
func TestIntegersTakeFewAllocations(t *testing.T) {
	c := converter.NewJSONPayloadConverter()
	value, got := any(12345), 0
	p, err := c.ToPayload(value)
	if err != nil {
		t.Fatal(err)
	}
	const most = 4 // the payload with the name of its encoding, its metadata in two, and the text
	if n := testing.AllocsPerRun(100, func() { p, err = c.ToPayload(value) }); err != nil || n > most {
		t.Errorf("%v allocations to encode a number, at most %d", n, most)
	}
	if n := testing.AllocsPerRun(100, func() { err = c.FromPayload(p, &got) }); err != nil || n > 0 || got != 12345 {
		t.Errorf("%v allocations to decode %d, error %v", n, got, err)
	}
}
