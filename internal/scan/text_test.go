package scan

import (
	"strings"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

func TestTextPeelsWrappers(t *testing.T) {
	const bare = "2026-08-21T10:15:30Z bad 10.0.0.1:80 /a"
	for name, line := range map[string]string{
		"bare":         bare,
		"json-file":    `{"log":"` + bare + `\n","stream":"stderr","time":"2026-08-21T10:15:31Z"}`,
		"journal json": `{"_PID":"12","MESSAGE":"` + bare + `","__REALTIME_TIMESTAMP":"1787480130123456"}`,
		"cri":          "2026-08-21T10:15:30.123456789Z stderr F " + bare,
		"short":        "Aug 21 10:15:30 web1 app[12]: " + bare,
		"short-iso":    "2026-08-21T10:15:30+0200 web1 app[12]: " + bare,
		"rfc 3164":     "<134>Aug 21 10:15:30 app[12]: " + bare,
		"rfc 5424":     `<134>1 2026-08-21T10:15:30Z web1 app 12 - - ` + bare,
		"5424 with sd": `<134>1 2026-08-21T10:15:30Z web1 app 12 - [x@1 a="b"] ` + bare,
		"compose":      "web-1  | " + bare,
		"twice":        `{"log":"Aug 21 10:15:30 web1 app[12]: ` + bare + `\n","stream":"stderr","time":"2026-08-21T10:15:31Z"}`,
	} {
		got, err := Text(strings.NewReader("\n"+line+"\n"), []dialect.Dialect{{Name: "toy", Logs: []dialect.Log{toy}}}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Reads) != 1 || got.Reads[0].Condition != "bad" || got.Reads[0].Endpoint != "10.0.0.1:80" || got.Reads[0].Line != 2 || got.Reads[0].Raw != line {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestTextJoinsBrokenLines(t *testing.T) {
	text := "> noise\n2026-08-21T10:15:30Z bad\n   10.0.0.1:80 /a\n2026-08-21T10:15:31Z ok 10.0.0.1:80 /a\nrubbish\n"
	got, err := Text(strings.NewReader(text), []dialect.Dialect{{Name: "toy", Logs: []dialect.Log{toy}}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Lines != 5 || len(got.Reads) != 2 || got.Unread != 2 || !got.Reads[0].Known || got.Reads[0].Line != 2 || got.Reads[1].Known {
		t.Errorf("%+v", got)
	}
}

func TestShortStampsGetAYear(t *testing.T) {
	now := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	p := peeler{now: now}
	in, ok := p.peel([]byte("Dec 31 23:59:59 web1 app[12]: x"))
	if !ok || !in.when.Equal(time.Date(2025, 12, 31, 23, 59, 59, 0, time.UTC)) || string(in.ident) != "app" || string(in.text) != "x" {
		t.Errorf("%s %q %q", in.when, in.ident, in.text)
	}
}

func FuzzText(f *testing.F) {
	f.Add("2026-08-21T10:15:30Z bad 10.0.0.1:80 /a\n")
	f.Add(`{"log":"x\u00`)
	f.Add("<1>1 a b c d [")
	f.Add("Aug 21 10:15:30 web1 app[12: x\nweb | {\"MESSAGE\":\"\\")
	d := []dialect.Dialect{{Name: "toy", Logs: []dialect.Log{toy}}}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Text(strings.NewReader(text), d, Options{Now: noon})
		if err != nil {
			t.Fatal(err)
		}
		if got.Unread < 0 || len(got.Reads) > got.Lines {
			t.Errorf("%+v", got)
		}
	})
}
