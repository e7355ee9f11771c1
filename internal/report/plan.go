package report

import (
	"io"

	"github.com/goodgatehq/goodgate/internal/doctor"
)

// Plan writes what an examination would do. Its steps stand in d.Next.
func Plan(w io.Writer, form string, d *doctor.Diagnosis, s Style) error {
	p := page{Target: d.Target, Word: "PLAN", State: doctor.Unclear, Answer: "This would be read and sent; nothing was.", Path: d.Path, Gaps: d.Gaps, Next: d.Next, Notes: d.Notes}
	switch form {
	case "json":
		return JSON(w, complete(*d))
	case "html":
		return diagnosisHTML(w, p)
	case "markdown":
		return diagnosisMarkdown(w, p)
	}
	return diagnosisText(w, p, s)
}
