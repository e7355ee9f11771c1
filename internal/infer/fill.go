package infer

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// filler returns a function that replaces {role} and {value:fact} in a text. A
// text whose field has no value loses the bracketed part around it:
// "[ within {value:probe_late}]" vanishes whole.
func filler(f evidence.Failure, x Finding, about []evidence.Item) func(string) string {
	// What only a product or a host can spell stays as it is, for who knows them.
	values := map[string]string{"subject": x.Subject, "test": "{test}", "reload": "{reload}", "pid": "{pid}"}
	for role, subjects := range f.Subjects {
		if len(subjects) > 0 {
			values[string(role)] = subjects[0]
		}
	}
	values["path"] = socketPath(values["endpoint"])
	for _, list := range [][]evidence.Item{about, x.For} {
		for _, it := range list {
			if it.Value != "" && !it.Absent {
				values["value:"+string(it.Fact)] = it.Value
			}
			if !it.Absent {
				values["where:"+string(it.Fact)] = it.Origin.Where
			}
		}
	}
	return func(text string) string { return Fill(text, values) }
}

// socketPath is the path of a unix socket as a shell takes it without quotes, or a word
// that stands for it: endpoints are named by log lines, too, which strangers write.
func socketPath(endpoint string) string {
	p, ok := strings.CutPrefix(endpoint, "unix:")
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+@", r)
	}
	if !ok || !strings.HasPrefix(p, "/") || strings.ContainsFunc(p, func(r rune) bool { return !plain(r) }) {
		return "PATH"
	}
	return p
}

// Fill replaces {key} by its value. A part in square brackets is kept, without
// the brackets, only where every key in it has a value; of several that | separates,
// the first such.
func Fill(text string, values map[string]string) string {
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "[")
		part, after, closed := strings.Cut(rest, "]")
		if !ok || !closed {
			s, _ := fields(text, values)
			out.WriteString(s)
			return out.String()
		}
		s, _ := fields(before, values)
		out.WriteString(s)
		for either := range strings.SplitSeq(part, "|") {
			if s, whole := fields(either, values); whole {
				out.WriteString(s)
				break
			}
		}
		text = after
	}
}

// fields replaces the keys of text, and reports whether each had a value.
func fields(text string, values map[string]string) (string, bool) {
	var out strings.Builder
	whole := true
	for {
		before, rest, ok := strings.Cut(text, "{")
		key, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			out.WriteString(text)
			return out.String(), whole
		}
		out.WriteString(before)
		v := values[key]
		if v == "" {
			whole = false
			v = "the " + strings.TrimPrefix(key, "value:")
		}
		out.WriteString(v)
		text = after
	}
}
