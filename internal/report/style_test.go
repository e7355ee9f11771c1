package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/goodgatehq/goodgate/internal/doctor"
)

func TestPrintable(t *testing.T) {
	for _, tc := range []struct{ in, unicode, ascii string }{
		{"plain text", "plain text", "plain text"},
		{"a\x1b[31mb\x07", `a\x1b[31mb\x07`, `a\x1b[31mb\x07`},
		{"a\nb\tc\rd", `a\nb\tc\rd`, `a\nb\tc\rd`},
		{"\xff\xc2", `\xff\xc2`, `\xff\xc2`},
		{"\u009b31m", `\x9b31m`, `\x9b31m`},
		{"a\u202eb\u200bc\ufeff", `a\u202eb\u200bc\ufeff`, `a\u202eb\u200bc\ufeff`},
		{"Grüße 日本", "Grüße 日本", `Gr\u00fc\u00dfe \u65e5\u672c`},
		{"\U000e0041", `\U000e0041`, `\U000e0041`},
		{"a\u00a0b", `a\xa0b`, `a\xa0b`},
	} {
		if got := Printable(tc.in, true); got != tc.unicode {
			t.Errorf("Printable(%q) = %q, want %q", tc.in, got, tc.unicode)
		}
		if got := Printable(tc.in, false); got != tc.ascii {
			t.Errorf("Printable(%q) in ASCII = %q, want %q", tc.in, got, tc.ascii)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	for _, s := range []string{"a\x1b[0m", "\u202e", "\xff", "日本語 wide", "e\u0301\u0301\u0301\u0301"} {
		f.Add(s, 30)
	}
	f.Fuzz(func(t *testing.T, s string, width int) {
		for _, unicode := range []bool{true, false} {
			p := Printable(s, unicode)
			safe(t, map[bool]string{true: "unicode", false: "ascii"}[unicode], []byte(p), Style{})
			if strings.Contains(p, "\n") || !utf8.ValidString(p) {
				t.Fatalf("not one printable line: %q", p)
			}
			width = max(20, width%200)
			lines := wrap(p, width)
			for _, l := range lines {
				if columns(l) > width {
					t.Fatalf("%d columns, %d are allowed: %q", columns(l), width, l)
				}
			}
			if strings.Join(strings.Fields(strings.Join(lines, "")), "") != strings.Join(strings.Fields(p), "") {
				t.Fatalf("wrapping changed %q into %q", p, lines)
			}
			if c := Cut(p, width); columns(c) > width {
				t.Fatalf("cut to %d columns, %d are allowed", columns(c), width)
			}
		}
	})
}

func TestCodeSpansHoldForeignText(t *testing.T) {
	for in, want := range map[string]string{"a": "`a`", "a`b": "``a`b``", "`a``": "``` `a`` ```", "": ""} {
		if got := code(in); got != want {
			t.Errorf("code(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestJSONListsAreNeverNull(t *testing.T) {
	var out bytes.Buffer
	d := &doctor.Diagnosis{Target: "\u202e\u009b", Causes: []doctor.Cause{{ID: "process/upstream-down"}}}
	if err := Diagnosis(&out, "json", d, Style{}); err != nil {
		t.Fatal(err)
	}
	var back map[string]any
	if err := json.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"causes", "path", "items", "gaps", "next"} {
		if _, ok := back[key].([]any); !ok {
			t.Errorf("%s is %v, want a list", key, back[key])
		}
	}
	for _, key := range []string{"made_by", "symptom"} {
		if v, ok := back[key]; !ok || v != nil {
			t.Errorf("%s is %v, want null", key, v)
		}
	}
	if back["target"] != d.Target {
		t.Errorf("the target became %q", back["target"])
	}
	safe(t, "json", out.Bytes(), Style{})
	if !bytes.HasSuffix(out.Bytes(), []byte("}\n")) {
		t.Error("the document does not end with a newline")
	}
}

// TestSchemas holds the outputs of the golden files against their schemas, and
// every property against the list of descriptions.
func TestSchemas(t *testing.T) {
	for _, name := range SchemaNames() {
		var out bytes.Buffer
		if err := Schema(&out, name); err != nil {
			t.Fatal(err)
		}
		var s jsonschema.Schema
		if err := json.Unmarshal(out.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		described(t, name, &s)
		if _, err := s.Resolve(nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	d := &doctor.Diagnosis{}
	if err := json.Unmarshal(part(parse(t, "testdata/diagnosis/confirmed.txtar"), "in.json"), d); err != nil {
		t.Fatal(err)
	}
	validates(t, "diagnosis/v1", func(b *bytes.Buffer) error { return Diagnosis(b, "json", d, Style{}) })
	validates(t, "diagnosis/v1", func(b *bytes.Buffer) error {
		return Diagnosis(b, "json", &doctor.Diagnosis{Verdict: "healthy"}, Style{})
	})
	e := &doctor.Explanation{Verdict: "uncertain"}
	if err := json.Unmarshal(part(parse(t, "testdata/explanation/lines.txtar"), "in.json"), e); err != nil {
		t.Fatal(err)
	}
	validates(t, "explanation/v1", func(b *bytes.Buffer) error { return Explanation(b, "json", e, Style{}) })
}

func described(t *testing.T, path string, s *jsonschema.Schema) {
	t.Helper()
	if s.Items != nil {
		described(t, path+"[]", s.Items)
	}
	for name, p := range s.Properties {
		if p.Description == "" {
			t.Errorf("%s.%s has no description: schema.go lists them", path, name)
		}
		described(t, path+"."+name, p)
	}
}

func validates(t *testing.T, name string, write func(*bytes.Buffer) error) {
	t.Helper()
	var schema, out bytes.Buffer
	if err := Schema(&schema, name); err != nil {
		t.Fatal(err)
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(schema.Bytes(), &s); err != nil {
		t.Fatal(err)
	}
	resolved, err := s.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := write(&out); err != nil {
		t.Fatal(err)
	}
	var doc any
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if err := resolved.Validate(doc); err != nil {
		t.Errorf("the output does not follow %s: %v\n%s", name, err, out.String())
	}
}
