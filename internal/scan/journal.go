package scan

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"time"
)

// systemd's journal comes as a file of its own, which only journalctl reads, or in
// the export format that journalctl prints of it (systemd.io/JOURNAL_EXPORT_FORMATS).

// Journal prints a file of the journal in the export format, as far as a time may be
// asked for. The caller closes what it returns.
type Journal func(path string, since, until time.Time) (io.ReadCloser, error)

var (
	errNoJournal     = errors.New("it is a file of systemd's journal, which only journalctl reads: journalctl --file=FILE -o export | goodgate logs -")
	errJournalStream = errors.New("it is a file of systemd's journal: name the file, or give what journalctl -o export prints")
)

// messageLimit bounds a message; its lines are bounded as those of any log are.
const messageLimit = lineLimit

// newEntries returns the messages of entries in the export format as lines with the
// head that journalctl -o short-iso gives them: each line of a message has one.
func newEntries(r io.Reader) *entries {
	return &entries{in: bufio.NewReaderSize(r, 64<<10)}
}

// JournalLines returns the messages of entries that journalctl -o export printed as
// lines of a program's own log. One that begins with a letter has no stamp of its
// own: it gets the head that syslog would have given it.
func JournalLines(export io.Reader) io.Reader {
	e := newEntries(export)
	e.own = true
	return e
}

// entries reads one entry after the other.
type entries struct {
	in   *bufio.Reader
	own  bool // lines of a program's own log
	err  error
	head []byte // of the entry's lines
	rest []byte // of its message, not yet given out
	line []byte // what is given out next
	out  []byte // behind line

	// Of the entry at hand.
	stamp, host, ident, comm, pid, message []byte

	none []byte // of the others
}

func (e *entries) Read(p []byte) (int, error) {
	for len(e.out) == 0 {
		switch {
		case len(e.rest) > 0:
			text, rest, _ := bytes.Cut(e.rest, []byte{'\n'})
			e.rest = rest
			if len(bytes.TrimSpace(text)) > 0 {
				e.line = e.line[:0]
				if !e.own || text[0]|0x20 >= 'a' && text[0]|0x20 <= 'z' {
					e.line = append(e.line, e.head...)
				}
				e.line = append(append(e.line, text...), '\n')
				e.out = e.line
			}
		case e.err != nil:
			return 0, e.err
		default:
			e.next()
		}
	}
	n := copy(p, e.out)
	e.out = e.out[n:]
	return n, nil
}

// next reads an entry up to the empty line that ends it.
func (e *entries) next() {
	for _, f := range []*[]byte{&e.stamp, &e.host, &e.ident, &e.comm, &e.pid, &e.message} {
		*f = (*f)[:0]
	}
	for e.err == nil && e.field() {
	}
	e.rest = e.message
	if len(e.ident) == 0 {
		e.ident = append(e.ident, e.comm...)
	}
	e.head = e.head[:0]
	us, err := strconv.ParseInt(string(e.stamp), 10, 64)
	if err != nil {
		return
	}
	e.head = time.UnixMicro(us).UTC().AppendFormat(e.head, "2006-01-02T15:04:05.000000-07:00")
	e.head = append(append(e.head, ' '), word(e.host, "localhost")...)
	e.head = append(append(e.head, ' '), word(e.ident, "unknown")...)
	if len(e.pid) > 0 {
		e.head = append(append(append(e.head, '['), word(e.pid, "")...), ']')
	}
	e.head = append(e.head, ": "...)
}

// word is a name as the head of a line has it: one word without what ends it.
func word(name []byte, none string) []byte {
	if len(name) == 0 {
		return append(name, none...)
	}
	for i, c := range name {
		if c <= ' ' || c == ':' || c == '[' || c == ']' {
			name[i] = '_'
		}
	}
	return name
}

// field reads a field, "NAME=value" or a name alone before a size and that many
// bytes, and reports whether there was one and no empty line.
func (e *entries) field() bool {
	row, err := e.in.ReadSlice('\n')
	name, value, text := bytes.Cut(bytes.TrimSuffix(row, []byte{'\n'}), []byte{'='})
	into, most := e.wanted(name)
	switch {
	case text:
		*into = appendMost(*into, value, most)
		for errors.Is(err, bufio.ErrBufferFull) { // the line is longer than the buffer
			row, err = e.in.ReadSlice('\n')
			*into = appendMost(*into, bytes.TrimSuffix(row, []byte{'\n'}), most)
		}
		e.err = err
		return true
	case err != nil:
		e.err = err
		if errors.Is(err, bufio.ErrBufferFull) {
			e.err = errors.New("it is no journal in the export format: a field has no end")
		}
		return false
	case len(name) == 0:
		return false
	}
	var size [8]byte
	if _, e.err = io.ReadFull(e.in, size[:]); e.err != nil {
		return false
	}
	e.binary(into, most, binary.LittleEndian.Uint64(size[:]))
	return true
}

// binary takes a value of size bytes and the newline behind it.
func (e *entries) binary(into *[]byte, most int, size uint64) {
	for size > 0 && e.err == nil {
		var b []byte
		b, e.err = e.in.Peek(int(min(size, 4<<10)))
		*into = appendMost(*into, b, most)
		n, _ := e.in.Discard(len(b))
		size -= uint64(n)
	}
	if e.err == nil {
		_, e.err = e.in.ReadByte()
	}
}

// wanted returns where the value of a field is kept, and how many bytes of it.
func (e *entries) wanted(name []byte) (into *[]byte, most int) {
	switch string(name) {
	case "MESSAGE":
		return &e.message, messageLimit
	case "__REALTIME_TIMESTAMP":
		return &e.stamp, 20
	case "_HOSTNAME":
		return &e.host, 64
	case "SYSLOG_IDENTIFIER":
		return &e.ident, 64
	case "_COMM":
		return &e.comm, 64
	case "_PID":
		return &e.pid, 20
	}
	return &e.none, 0
}

func appendMost(dst, b []byte, most int) []byte {
	return append(dst, b[:min(len(b), max(0, most-len(dst)))]...)
}
