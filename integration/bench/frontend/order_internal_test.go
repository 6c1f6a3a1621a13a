package frontend

import (
	"strings"
	"testing"
)

func TestOrdersThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		order Order
		wrong string // part of the error; empty for none
	}{
		{Order{Work: Activity, Units: 1}, ""},
		{Order{Work: Signals, Units: SignalsPerFlow}, ""},
		{Order{Work: Activity}, "one or more"},
		{Order{Work: Signals, Units: SignalsPerFlow + 1}, "a multiple of"},
		{Order{Work: Activity, Units: 1, Text: 1}, "two or more"},
		{Order{Work: Activity, Units: 1, Rate: -1}, "more than zero"},
	} {
		err := test.order.complete()
		if (err == nil) != (test.wrong == "") || (err != nil && !strings.Contains(err.Error(), test.wrong)) {
			t.Errorf("%+v: %v, want an error with %q", test.order, err, test.wrong)
		}
	}
}

// Serve goes on after an order that cannot be, and ends at a line that is none.
func TestServeAnswersEveryOrder(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	in := strings.NewReader(`{"work":"activity"}` + "\n" + `{"work":"activity","units":-1}` + "\nnonsense\n")
	err := Serve(t.Context(), false, in, &out)
	if err == nil || !strings.Contains(err.Error(), "is no order") {
		t.Errorf("Serve: %v", err)
	}
	if n := strings.Count(out.String(), "give one or more"); n != 2 {
		t.Errorf("answers %q, want 2 errors", out.String())
	}
}
