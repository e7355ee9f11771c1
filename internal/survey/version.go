package survey

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
)

// maxProgram is how much of a program is searched for its version.
const maxProgram = 128 << 20

// findVersion searches a program for the text that one of the marks begins and
// returns the version behind it, "" where there is none. It holds one block at a
// time.
func findVersion(r io.Reader, marks []string) (string, error) {
	const longest = 64 // of a mark with its version
	buf := make([]byte, 0, 256<<10)
	r = io.LimitReader(r, maxProgram)
	for {
		n, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		for _, mark := range marks {
			if v := versionAfter(buf, mark); v != "" {
				return v, nil
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("cannot search the program: %w", err)
		}
		buf = slices.Delete(buf, 0, len(buf)-longest) // a mark may lie across two blocks
	}
}

func versionAfter(b []byte, mark string) string {
	for {
		at := bytes.Index(b, []byte(mark))
		if at < 0 {
			return ""
		}
		b = b[at+len(mark):]
		n := 0
		for n < len(b) && n < 32 && (b[n] >= '0' && b[n] <= '9' || n > 0 && (b[n] == '.' || b[n] == '-' || b[n] == '+' || b[n] == '~' || b[n] >= 'a' && b[n] <= 'z')) {
			n++
		}
		// What reaches the end of the block may go on in the next one.
		if n > 0 && n < len(b) {
			return string(b[:n])
		}
	}
}
