package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"
)

//go:embed logs.html
var logsPage string

// logsHTML writes one file that opens offline: its style and its chart within,
// no script.
func logsHTML(w io.Writer, l logs) error {
	tmpl, err := template.New("logs").Funcs(pageFuncs()).Funcs(template.FuncMap{
		"number":   number,
		"percent":  percentage,
		"incident": incidentText,
		"event":    eventText,
		"chart":    svg,
		"join":     strings.Join,
		"shorten":  shorten,
		"many":     many,
		"period":   func(k kind) string { return htmlPeriod(k, l) },
		"map": func(title string, lines []string) map[string]any {
			return map[string]any{"Title": title, "Lines": lines}
		},
		"kindsOf": func(title string, kinds []kind) map[string]any { return map[string]any{"Title": title, "Kinds": kinds} },
	}).Parse(pageHTML + logsPage)
	if err != nil {
		panic("BUG: the page's template does not parse: " + err.Error())
	}
	if err := tmpl.ExecuteTemplate(w, "logs", l); err != nil {
		return fmt.Errorf("cannot write HTML: %w", err)
	}
	return nil
}

func htmlPeriod(k kind, l logs) string {
	if k.First == nil {
		return ""
	}
	return period(k.First, k.Last, l.Day)
}

const (
	svgWidth  = 900
	svgHeight = 180
)

// svg draws the timeline. It holds numbers and times only, no text of the logs.
func svg(l logs) template.HTML {
	c, ok := newChart(l.Report, 300)
	if !ok {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="requests and failures over time" preserveAspectRatio="none">`, svgWidth, svgHeight+20)
	step := float64(svgWidth) / float64(len(c.Failures))
	draw := func(class string, values []uint64, height float64) {
		top := float64(greatest(values))
		for i, v := range values {
			if v == 0 {
				continue
			}
			h := max(1.5, float64(v)/top*height)
			at := c.From.Add(c.Step * time.Duration(i)).Format("2006-01-02 15:04")
			fmt.Fprintf(&b, `<rect class="%s" x="%.2f" y="%.2f" width="%.2f" height="%.2f"><title>%s: %s of %s requests failed</title></rect>`,
				class, float64(i)*step, svgHeight-h, max(0.5, step*0.9), h, at, number(c.Failures[i]), number(c.Requests[i]))
		}
	}
	draw("req", c.Requests, svgHeight-10)
	draw("fail", c.Failures, svgHeight/2)
	for n, i := range c.Starts {
		x := float64(i) * step
		fmt.Fprintf(&b, `<line class="start" x1="%.2f" x2="%.2f" y1="0" y2="%d"/><text x="%.2f" y="12">%d</text>`, x, x, svgHeight, x+3, n+1)
	}
	fmt.Fprintf(&b, `<text x="0" y="%d">%s</text><text x="%d" y="%d" text-anchor="end">%s UTC</text></svg>`, svgHeight+15, c.From.Format("2006-01-02 15:04"),
		svgWidth, svgHeight+15, c.To.Format("2006-01-02 15:04"))
	fmt.Fprintf(&b, `<p class="soft">requests (at most %s in %s) and failures (at most %s, own scale)</p>`, number(greatest(c.Requests)), stepName(c.Step), number(greatest(c.Failures)))
	return template.HTML(b.String())
}
