package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/goodgatehq/goodgate/internal/doctor"
)

//go:embed page.html
var pageHTML string

// diagnosisHTML writes one file that opens offline: no script, no link out, its
// style within.
func diagnosisHTML(w io.Writer, p page) error { return executeHTML(w, "diagnosis", p) }

func explanationHTML(w io.Writer, l leaf) error { return executeHTML(w, "explanation", l) }

func executeHTML(w io.Writer, name string, data any) error {
	tmpl, err := template.New("page").Funcs(pageFuncs()).Parse(pageHTML)
	if err != nil {
		panic("BUG: the page's template does not parse: " + err.Error())
	}
	if err := tmpl.ExecuteTemplate(w, name, data); err != nil {
		return fmt.Errorf("cannot write HTML: %w", err)
	}
	return nil
}

// pageFuncs are the functions that page.html calls.
func pageFuncs() template.FuncMap {
	return template.FuncMap{
		"show":    func(s any) string { return Printable(fmt.Sprint(s), true) },
		"seconds": seconds,
		"class":   class,
		"edit":    edit,
		"lines":   func(s string) []string { return strings.Split(strings.TrimSpace(s), "\n") },
		"prefix":  strings.HasPrefix,
		"section": func(title string, points []point) map[string]any {
			return map[string]any{"Title": title, "Points": points}
		},
		"list": func(title string, lines []string) map[string]any {
			return map[string]any{"Title": title, "Lines": lines}
		},
		"remedy": func(title string, fixes []doctor.Fix) map[string]any {
			return map[string]any{"Title": title, "Fixes": fixes}
		},
		"fixTitle":   page.fixTitle,
		"card":       withoutTitle,
		"timesTitle": func() string { return timesTitle },
	}
}

// class is the style of a state.
func class(s doctor.State) string {
	switch s {
	case doctor.Good:
		return "good"
	case doctor.Bad:
		return "bad"
	}
	return "unclear"
}
