package report

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/doctor"
)

// edit is a fix's change as the lines of a diff, moved to the left as far as all
// of them stand in: what counts is which words change.
func edit(f doctor.Fix) []string {
	removed, added := editLines(f.Remove), editLines(f.Add)
	indent := commonIndent(append(append([]string{}, removed...), added...))
	var out []string
	for _, l := range removed {
		out = append(out, "- "+l[min(indent, len(l)):])
	}
	for _, l := range added {
		out = append(out, "+ "+l[min(indent, len(l)):])
	}
	return out
}

func editLines(text string) []string {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	lines := strings.Split(strings.TrimRight(text, "\r\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(strings.ReplaceAll(l, "\t", "    "), "\r ")
	}
	return lines
}

// commonIndent is the number of blanks with which every line begins that is not
// empty.
func commonIndent(lines []string) int {
	least := -1
	for _, l := range lines {
		if n := len(l) - len(strings.TrimLeft(l, " ")); l != "" && (least < 0 || n < least) {
			least = n
		}
	}
	return max(least, 0)
}
