package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func sampleCase() *Case {
	at := time.Date(2026, 11, 20, 6, 28, 23, 500, time.UTC)
	return &Case{
		Target: "http://example.com/", Started: at, Options: map[string]string{"mode": "quick"},
		Answers: []Answer{
			{Source: "host/sockets", Subject: "tcp", Asked: at, Seconds: 0.25, Body: json.RawMessage(`{"lines":["-- x --","a\nb","\u001b[31m"],"bytes":"AAEC/w=="}`)},
			{Source: "file", Subject: "/etc/nginx/\n-- nginx.conf --\n", Asked: at, Failed: "no such file\n-- 0003 --\n"},
			{Source: "weird source -- x --", Subject: "\x7f", Asked: at, Gap: &Gap{Source: "s", Why: "w", Allow: "sudo x"}},
		},
	}
}

func TestCaseFileRoundTrip(t *testing.T) {
	want := sampleCase()
	var b bytes.Buffer
	if err := Write(&b, want); err != nil {
		t.Fatal(err)
	}
	if !IsCase(b.Bytes()) {
		t.Error("the file is not recognised")
	}
	got, err := Read(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	compact := cmp.Transformer("compact", func(m json.RawMessage) string {
		var out bytes.Buffer
		json.Compact(&out, m)
		return out.String()
	})
	if diff := cmp.Diff(want, got, compact); diff != "" {
		t.Error(diff)
	}
}

func TestCaseFileWithCarriageReturns(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, sampleCase()); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(strings.NewReader(strings.ReplaceAll(b.String(), "\n", "\r\n"))); err != nil {
		t.Errorf("a file that went through a mail program cannot be read: %v", err)
	}
}

func TestDamagedCaseFileSaysWhere(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, sampleCase()); err != nil {
		t.Fatal(err)
	}
	whole := b.String()
	for name, tc := range map[string]struct{ file, want string }{
		"empty":     {"", "line 1"},
		"other":     {"hello\n", `this begins with "hello"`},
		"newer":     {"goodgate/case/v9\n", "a newer goodgate"},
		"no head":   {caseHeader + "\n\ncomment\n", "case.json"},
		"cut":       {whole[:strings.Index(whole, "-- 0002")], "cut"},
		"cut JSON":  {whole[:strings.Index(whole, `"Failed"`)+len(whole)/2], ""},
		"broken":    {strings.Replace(whole, `"seconds": 0.25`, `"seconds": oops`, 1), "part \"0001 host/sockets\""},
		"bad type":  {strings.Replace(whole, `"seconds": 0.25`, `"seconds": "x"`, 1), "part \"0001 host/sockets\""},
		"bad count": {strings.Replace(whole, `"answers": 3`, `"answers": 99999999`, 1), "announces"},
	} {
		_, err := Read(strings.NewReader(tc.file))
		var at *CaseError
		if !errors.As(err, &at) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want a CaseError with %q", name, err, tc.want)
		}
	}
	broken := strings.Replace(whole, `"seconds": 0.25`, `"seconds": oops`, 1)
	_, err := Read(strings.NewReader(broken))
	var at *CaseError
	if errors.As(err, &at) && !strings.Contains(strings.Split(broken, "\n")[at.Line-1], "oops") {
		t.Errorf("line %d does not hold the fault", at.Line)
	}
}

func FuzzReadCase(f *testing.F) {
	var b bytes.Buffer
	if err := Write(&b, sampleCase()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(caseHeader + "\n-- case.json --\n{\"answers\":1}\n-- 1 --\n{}\n"))
	f.Add([]byte(caseHeader + "\r\n-- case.json --\r\n{}\r\n-- --\n-- x --"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := Write(&out, c); err != nil {
			return // a time out of JSON's range
		}
		again, err := Read(&out)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if len(again.Answers) != len(c.Answers) {
			t.Fatalf("%d answers became %d", len(c.Answers), len(again.Answers))
		}
	})
}
