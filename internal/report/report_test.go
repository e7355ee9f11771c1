package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/goodgatehq/goodgate/internal/doctor"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

var update = flag.Bool("update", false, "write what is printed into the golden files")

// forms are the outputs that a golden file holds.
var forms = []struct {
	part  string
	form  string
	style Style
}{
	{"text", "text", Style{Width: 100, Unicode: true}},
	{"narrow ascii", "text", Style{Width: 60}},
	{"colour", "text", Style{Width: 80, Unicode: true, Color: true}},
	{"markdown", "markdown", Style{}},
	{"html", "html", Style{}},
}

func TestDiagnosisGolden(t *testing.T) {
	golden(t, "testdata/diagnosis", func(in []byte, form string, s Style) ([]byte, error) {
		var d doctor.Diagnosis
		if err := json.Unmarshal(in, &d); err != nil {
			return nil, err
		}
		var out bytes.Buffer
		err := Diagnosis(&out, form, &d, s)
		return out.Bytes(), err
	})
}

func TestExplanationGolden(t *testing.T) {
	golden(t, "testdata/explanation", func(in []byte, form string, s Style) ([]byte, error) {
		var e doctor.Explanation
		if err := json.Unmarshal(in, &e); err != nil {
			return nil, err
		}
		var out bytes.Buffer
		err := Explanation(&out, form, &e, s)
		return out.Bytes(), err
	})
}

// golden holds what write makes of the part "in.json" of each file of a folder
// against the file's other parts.
func golden(t *testing.T, dir string, write func(in []byte, form string, s Style) ([]byte, error)) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files in %s: %v", dir, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			in := part(ar, "in.json")
			want := ar.Files
			ar.Files = []txtar.File{{Name: "in.json", Data: in}}
			for _, f := range forms {
				got, err := write(in, f.form, f.style)
				if err != nil {
					t.Fatalf("%s: %v", f.part, err)
				}
				safe(t, f.part, got, f.style)
				if f.form == "html" {
					got = body(got)
				}
				got = []byte(strings.ReplaceAll(string(got), "\x1b", "␛"))
				ar.Files = append(ar.Files, txtar.File{Name: f.part, Data: got})
				if *update {
					continue
				}
				if diff := cmp.Diff(string(part(&txtar.Archive{Files: want}, f.part)), string(got)); diff != "" {
					t.Errorf("%s (-want +got, -update writes it):\n%s", f.part, diff)
				}
			}
			if *update {
				if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func part(ar *txtar.Archive, name string) []byte {
	for _, f := range ar.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

// body leaves out the head of a page, which is the same in all.
func body(page []byte) []byte {
	_, body, _ := bytes.Cut(page, []byte("<body>\n"))
	return body
}

// safe fails where an output could act on a terminal or a reader's eye.
func safe(t *testing.T, part string, out []byte, s Style) {
	t.Helper()
	for i, r := range string(out) {
		switch {
		case r == '\n', r == 0x1b && s.Color:
		case r < ' ', 0x7f <= r && r < 0xa0, 0x200b <= r && r <= 0x200f, 0x202a <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069, r == 0xfeff, 0xe0000 <= r && r <= 0xe007f:
			t.Fatalf("%s: byte %d is %U", part, i, r)
		case r > '~' && strings.Contains(part, "ascii"):
			t.Fatalf("%s: byte %d is %U, which is not ASCII", part, i, r)
		}
	}
	if s.Color {
		plain := string(out)
		for _, code := range []string{"0", "1", "2", "31", "32", "33", "36", "1;31", "1;32", "1;33"} {
			plain = strings.ReplaceAll(plain, "\x1b["+code+"m", "")
		}
		if strings.Contains(plain, "\x1b") {
			t.Fatalf("%s: an escape sequence that is not ours: %q", part, plain)
		}
	}
	if s.Width > 0 && !s.Color {
		for _, l := range strings.Split(string(out), "\n") {
			copied := strings.HasPrefix(l, "     $ ") || strings.HasPrefix(l, "     - ") || strings.HasPrefix(l, "     + ") || strings.HasPrefix(l, "      ")
			if columns(l) > s.Width && !copied {
				t.Errorf("%s: %d columns, %d are allowed: %s", part, columns(l), s.Width, l)
			}
		}
	}
}

func parse(t *testing.T, file string) *txtar.Archive {
	t.Helper()
	ar, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return ar
}

// TestRecoveredSaysHowSure: what is over is told as surely as it is known.
func TestRecoveredSaysHowSure(t *testing.T) {
	for verdict, want := range map[vocab.Verdict]string{
		vocab.Confirmed: "It works again. It was restarted.",
		vocab.Likely:    "It works again. Likely: It was restarted.",
		vocab.Uncertain: "It works again; the evidence does not settle whether it was process/upstream-restarting or config/keepalive-race.",
	} {
		d := doctor.Diagnosis{Verdict: vocab.Recovered, Causes: []doctor.Cause{
			{ID: vocab.UpstreamRestarting, Verdict: verdict, Summary: "It was restarted.", Fixes: []doctor.Fix{{Text: "Restart it gently."}}},
			{ID: vocab.KeepaliveRace, Verdict: vocab.Uncertain, Summary: "It closed too soon."},
		}}
		p := view(&d, false)
		if p.Answer != want || (p.FixIf != "") != (verdict == vocab.Uncertain) {
			t.Errorf("%s: %q, fix if %q", verdict, p.Answer, p.FixIf)
		}
	}
}
