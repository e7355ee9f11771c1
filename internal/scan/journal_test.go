package scan

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// exported is what journalctl -o export prints: fields in any order, a message with
// newlines as its size and its bytes, an empty line behind each entry.
func exportedEntries() string {
	long := "first\nsecond\n\n  third"
	size := string(binary.LittleEndian.AppendUint64(nil, uint64(len(long))))
	return "__CURSOR=s=1;i=1\n__REALTIME_TIMESTAMP=1795174629000000\n_PID=565\nSYSLOG_IDENTIFIER=haproxy\n_HOSTNAME=web1\nMESSAGE=a=b: c\n\n" +
		"__REALTIME_TIMESTAMP=1795174629500000\nMESSAGE\n" + size + long + "\n_COMM=my app\n\n" +
		"__REALTIME_TIMESTAMP=1795174630000000\n_PID=1\nCOREDUMP\n\x03\x00\x00\x00\x00\x00\x00\x00\n\n\n\n\n" +
		"__REALTIME_TIMESTAMP=1795174631000000\nSYSLOG_IDENTIFIER=a: b[c]\nMESSAGE=last"
}

const exportedLines = "2026-11-20T11:37:09.000000+00:00 web1 haproxy[565]: a=b: c\n" +
	"2026-11-20T11:37:09.500000+00:00 localhost my_app: first\n2026-11-20T11:37:09.500000+00:00 localhost my_app: second\n2026-11-20T11:37:09.500000+00:00 localhost my_app:   third\n" +
	"2026-11-20T11:37:11.000000+00:00 localhost a__b_c_: last\n"

func TestEntries(t *testing.T) {
	for name, in := range map[string]io.Reader{"whole": strings.NewReader(exportedEntries()), "by byte": iotest.OneByteReader(strings.NewReader(exportedEntries()))} {
		got, err := io.ReadAll(newEntries(in))
		if err != nil || string(got) != exportedLines {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
	// Each line has a head that is taken off again.
	var p peeler
	for line := range strings.Lines(exportedLines) {
		in, ok := p.peel([]byte(strings.TrimSuffix(line, "\n")))
		if !ok || in.when.Year() != 2026 || strings.Contains(string(in.text), "localhost") {
			t.Errorf("%q is %q at %v", line, in.text, in.when)
		}
	}
}

// TestJournalLines: what has a stamp of its own gets no other one.
func TestJournalLines(t *testing.T) {
	const in = "__REALTIME_TIMESTAMP=1795174629000000\n_PID=565\nSYSLOG_IDENTIFIER=haproxy\nMESSAGE=127.0.0.1:4 [20/Nov/2026:06:28:24.629] in\n\n" +
		"__REALTIME_TIMESTAMP=1795174629000000\n_PID=565\n_COMM=haproxy\nMESSAGE=Server a is DOWN\n\n__REALTIME_TIMESTAMP=1\nMESSAGE=[\xff]\n\n__REALTIME_TIMESTAMP=1\nMESSAGE=\n\n"
	const want = "127.0.0.1:4 [20/Nov/2026:06:28:24.629] in\n2026-11-20T11:37:09.000000+00:00 localhost haproxy[565]: Server a is DOWN\n[\xff]\n"
	if got, err := io.ReadAll(JournalLines(strings.NewReader(in))); err != nil || string(got) != want {
		t.Errorf("%v: %q, want %q", err, got, want)
	}
}

func TestEntriesAreBounded(t *testing.T) {
	huge := strings.Repeat("x", 3*messageLimit)
	size := string(binary.LittleEndian.AppendUint64(nil, uint64(len(huge))))
	for name, in := range map[string]string{"text": "MESSAGE=" + huge, "binary": "MESSAGE\n" + size + huge} {
		got, err := io.ReadAll(newEntries(strings.NewReader("__REALTIME_TIMESTAMP=1795174629000000\n" + in + "\n\n__REALTIME_TIMESTAMP=1795174629000000\nMESSAGE=then\n\n")))
		if err != nil || bytes.Count(got, []byte{'x'}) != messageLimit || !bytes.HasSuffix(got, []byte(": then\n")) {
			t.Errorf("%s: %v, %d bytes", name, err, len(got))
		}
	}
	for _, in := range []string{"MESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xffabc", "MESSAGE\n\x01"} {
		if _, err := io.ReadAll(newEntries(strings.NewReader(in))); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q: %v", in, err)
		}
	}
	if _, err := io.ReadAll(newEntries(strings.NewReader(huge))); err == nil {
		t.Error("what is no journal was read as one")
	}
}

func FuzzEntries(f *testing.F) {
	f.Add([]byte(exportedEntries()))
	f.Add([]byte("MESSAGE\n\xff\xff\xff\xff\xff\xff\xff\x7f"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, in := range []io.Reader{newEntries(bytes.NewReader(b)), JournalLines(bytes.NewReader(b))} {
			if got, _ := io.ReadAll(in); len(got) > 0 && got[len(got)-1] != '\n' {
				t.Errorf("the last line has no end: %q", got)
			}
		}
	})
}
