package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
)

// The measures of the plot, in pixels.
const (
	plotWidth   = 720
	labelWidth  = 130
	barHeight   = 14
	barGap      = 4
	headHeight  = 26
	chartHeight = 110
	chartGap    = 26 // below, where the points are named
)

// plot draws what was measured without gzip, each table on a scale of its own: bars, or lines where it
// has several points.
func (r report) plot() string {
	var b strings.Builder
	y := 0
	for _, t := range r.tables() {
		if t[0].Gzip {
			continue
		}
		y += headHeight
		f := figureOf(t[0].Section)
		fmt.Fprintf(&b, `<text x="4" y="%d" font-weight="bold">%s: %s</text>`+"\n", y-8, t.title(), f.unit)
		if t[0].Point == "" {
			y = bars(&b, t[0], f, y)
		} else {
			y = chart(&b, t, f, y)
		}
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" `+
		`font-family="sans-serif" font-size="12"><rect width="100%%" height="100%%" fill="white"/>`+"\n%s</svg>\n",
		plotWidth, y+barGap, b.String())
}

// bars draws a result from y down, and returns where it ends.
func bars(b *strings.Builder, res result, f figure, y int) int {
	most := 0.0
	for _, name := range res.contestants() {
		most = max(most, res.of(name, f.number).median)
	}
	for _, name := range res.contestants() {
		got := res.of(name, f.number).median
		width := got / most * (plotWidth - labelWidth - 60)
		fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">%s</text>`, labelWidth-6, y+barHeight-3, name)
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="%.0f" height="%d" fill="%s"/>`,
			labelWidth, y, width, barHeight, colour(name))
		fmt.Fprintf(b, `<text x="%.0f" y="%d">%s</text>`+"\n", labelWidth+width+6, y+barHeight-3, short(got))
		y += barHeight + barGap
	}
	return y
}

// chart draws a table from y down, a line for each contestant on a logarithmic scale.
func chart(b *strings.Builder, t table, f figure, y int) int {
	least, most := math.Inf(1), 0.0
	for _, res := range t {
		for _, name := range res.contestants() {
			got := res.of(name, f.number).median
			least, most = min(least, got), max(most, got)
		}
	}
	const margin = 16 // for numbers above the lines
	height := func(got float64) float64 {
		if most == least {
			return chartHeight / 2
		}
		return margin + (chartHeight-margin)*(1-math.Log(got/least)/math.Log(most/least))
	}
	step := (plotWidth - labelWidth - 60) / float64(max(1, len(t)-1))
	lines := make(map[string]string)
	for i, res := range t {
		x := labelWidth + float64(i)*step
		fmt.Fprintf(b, `<text x="%.0f" y="%d" text-anchor="middle" fill="#666">%s</text>`+"\n", x, y+chartHeight+18, res.Point)
		for _, name := range res.contestants() {
			got := res.of(name, f.number).median
			at := float64(y) + height(got)
			if i == 0 {
				fmt.Fprintf(b, `<text x="%d" y="%.0f" text-anchor="end">%s</text>`, labelWidth-30, at+4, name)
			}
			fmt.Fprintf(b, `<circle cx="%.0f" cy="%.0f" r="3" fill="%s"/>`, x, at, colour(name))
			fmt.Fprintf(b, `<text x="%.0f" y="%.0f" text-anchor="middle">%s</text>`+"\n", x, at-6, short(got))
			lines[name] += fmt.Sprintf("%.0f,%.0f ", x, at)
		}
	}
	for _, name := range contestant.All() {
		if lines[name] != "" {
			fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s"/>`+"\n", lines[name], colour(name))
		}
	}
	return y + chartHeight + chartGap
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
