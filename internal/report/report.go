// Package report writes what was found: for a terminal, for an incident channel,
// for a ticket, for a browser without network, for programs. Every text that
// comes from elsewhere is escaped for the form that it is written in.
package report

import (
	"io"

	"github.com/goodgatehq/goodgate/internal/doctor"
)

// Diagnosis writes d in one of the forms "text", "json", "html", "markdown".
func Diagnosis(w io.Writer, form string, d *doctor.Diagnosis, s Style) error {
	switch form {
	case "json":
		return JSON(w, complete(*d))
	case "html":
		return diagnosisHTML(w, view(d, true))
	case "markdown":
		return diagnosisMarkdown(w, view(d, s.Verbose))
	}
	return diagnosisText(w, view(d, s.Verbose), s)
}

// Explanation writes e in one of the forms "text", "json", "html", "markdown".
func Explanation(w io.Writer, form string, e *doctor.Explanation, s Style) error {
	switch form {
	case "json":
		return JSON(w, completeExplanation(*e))
	case "html":
		return explanationHTML(w, explain(e))
	case "markdown":
		return explanationMarkdown(w, explain(e))
	}
	return explanationText(w, explain(e), s)
}
