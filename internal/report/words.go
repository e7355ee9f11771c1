package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// percent is a confidence in words that promise no more than it holds: 0.999
// is not 100 %.
func percent(c float64) string {
	switch {
	case c >= 0.995:
		return ">99%"
	case c < 0.01:
		return "<1%"
	}
	return strconv.Itoa(int(c*100+0.5)) + "%"
}

func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func requests(n int) string {
	if n == 1 {
		return "1 request"
	}
	return count(n) + " requests"
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return count(n) + " times"
}

// span is a window in UTC, with the date only where it is needed.
func span(from, to time.Time) string {
	from, to = from.UTC(), to.UTC()
	if from.YearDay() == to.YearDay() && from.Year() == to.Year() {
		return from.Format("2006-01-02 15:04:05") + " to " + to.Format("15:04:05")
	}
	return from.Format("2006-01-02 15:04:05") + " to " + to.Format("2006-01-02 15:04:05")
}

// stamp is a time in UTC, without the date on the day of the diagnosis.
func stamp(t, day time.Time) string {
	t, day = t.UTC(), day.UTC()
	switch {
	case t.IsZero() || t.Unix() <= 0:
		return ""
	case t.YearDay() == day.YearDay() && t.Year() == day.Year():
		return t.Format("15:04:05")
	}
	return t.Format("2006-01-02 15:04:05")
}

// seconds is a duration with as many digits as matter.
func seconds(s float64) string {
	switch {
	case s <= 0:
		return ""
	case s < 0.00005:
		return "<0.1 ms"
	case s < 0.0095:
		return fmt.Sprintf("%.1f ms", s*1000)
	case s < 0.9995:
		return fmt.Sprintf("%.0f ms", s*1000)
	case s < 99.5:
		return strconv.FormatFloat(s, 'f', 1, 64) + " s"
	}
	return fmt.Sprintf("%.0f s", s)
}

// sentence ends text with a full stop and begins it with a capital, where it does
// not begin with a name.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	first, _, _ := strings.Cut(text, " ")
	switch first {
	case "the", "a", "an", "no", "nothing", "nobody", "some", "every", "requests", "more", "something", "it", "answers", "accepts":
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	if text == "" || strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

func joinCauses(ids []vocab.Cause) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = string(id)
	}
	return strings.Join(words, ", ")
}
