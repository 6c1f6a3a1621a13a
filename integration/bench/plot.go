package main

import (
	"fmt"
	"strings"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
)

// The measures of the plot, in pixels.
const (
	plotWidth  = 720
	labelWidth = 130
	barHeight  = 14
	barGap     = 4
	headHeight = 26
)

// plot draws the CPU time of the contestants without gzip as bars, each row on a scale of its own.
func (r report) plot() string {
	var b strings.Builder
	y := 0
	for _, res := range r.Results {
		if res.Gzip {
			continue
		}
		y += headHeight
		fmt.Fprintf(&b, `<text x="4" y="%d" font-weight="bold">%s: CPU µs</text>`+"\n", y-8, res.title())
		most := 0.0
		for _, name := range res.contestants() {
			most = max(most, res.of(name, func(s sample) float64 { return s.CPU }).median)
		}
		for _, name := range res.contestants() {
			cpu := res.of(name, func(s sample) float64 { return s.CPU }).median
			width := cpu / most * (plotWidth - labelWidth - 60)
			fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`, labelWidth-6, y+barHeight-3, name)
			fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%.0f" height="%d" fill="%s"/>`,
				labelWidth, y, width, barHeight, colour(name))
			fmt.Fprintf(&b, `<text x="%.0f" y="%d">%s</text>`+"\n", labelWidth+width+6, y+barHeight-3, short(cpu))
			y += barHeight + barGap
		}
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" `+
		`font-family="sans-serif" font-size="12"><rect width="100%%" height="100%%" fill="white"/>`+"\n%s</svg>\n",
		plotWidth, y+barGap, b.String())
}

func colour(name string) string {
	switch name {
	case contestant.Mainspring:
		return "#2166ac"
	case contestant.Floor, contestant.Honest:
		return "#bbbbbb"
	default:
		return "#d6604d"
	}
}
