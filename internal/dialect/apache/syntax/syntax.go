// Package syntax reads the text of Apache configurations as lines and words, as
// server/util.c and server/config.c of httpd read them, each line with its byte
// range, so that what is said about a configuration can point into it.
package syntax

import (
	"bytes"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// File is one configuration file that was read.
type File struct {
	Path string
	Data []byte
}

// Line is one logical line: what backslashes join is one. Lines of nothing but
// blanks or a comment are left out.
type Line struct {
	File       *File
	Text       string // without the blanks around it
	Start, End int    // byte range in the file, without blanks and newline around it
	Number     int    // of the first physical line, from 1
	Column     int    // from 1, in bytes
}

// Place returns where the line is written.
func (l Line) Place() topo.Place {
	return topo.Place{File: l.File.Path, Line: l.Number, Column: l.Column, Start: l.Start, End: l.End}
}

// Lines parts a file. A backslash right before the end of a line joins the next
// one to it, in comments too (ap_cfg_getline).
func Lines(f *File) []Line {
	var out []Line
	data, number := f.Data, 1
	for at := 0; at < len(data); {
		l := Line{File: f, Start: at, Number: number}
		var text strings.Builder
		for {
			part, next, joined := physical(data, at)
			text.Write(part)
			l.End = at + len(part)
			if at < next {
				number++
			}
			at = next
			if !joined || at >= len(data) {
				break
			}
		}
		if l.trim(data, text.String()) {
			out = append(out, l)
		}
	}
	return out
}

// physical returns the line at an offset without its end, and where the next one
// begins.
func physical(data []byte, at int) (part []byte, next int, joined bool) {
	end := bytes.IndexByte(data[at:], '\n')
	if end < 0 {
		return data[at:], len(data), false
	}
	part, next = data[at:at+end], at+end+1
	part = bytes.TrimSuffix(part, []byte{'\r'})
	if n := len(part); n > 0 && part[n-1] == '\\' {
		return part[:n-1], next, true
	}
	return part, next, false
}

// trim takes the blanks off both ends and reports whether anything is left that
// is no comment.
func (l *Line) trim(data []byte, text string) bool {
	l.Text = strings.TrimFunc(text, blank)
	if l.Text == "" || l.Text[0] == '#' {
		return false
	}
	for l.Start < l.End && blank(rune(data[l.Start])) {
		if data[l.Start] == '\n' {
			l.Number++ // the line before was nothing but a backslash
		}
		l.Start++
	}
	for l.End > l.Start && blank(rune(data[l.End-1])) {
		l.End--
	}
	l.Column = l.Start - bytes.LastIndexByte(data[:l.Start], '\n')
	return true
}

func blank(c rune) bool {
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f'
}

// Word takes the first word off s, as ap_getword_conf does: a word may stand in
// quotes of either kind, with the quote and the backslash escaped inside.
func Word(s string) (word, rest string) {
	s = strings.TrimLeftFunc(s, blank)
	if s == "" {
		return "", ""
	}
	if q := s[0]; q == '"' || q == '\'' {
		end := 1
		for end < len(s) && s[end] != q {
			if s[end] == '\\' && end+1 < len(s) && (s[end+1] == q || s[end+1] == '\\') {
				end++
			}
			end++
		}
		end = min(end, len(s))
		return unescape(s[1:end], q), strings.TrimLeftFunc(s[min(end+1, len(s)):], blank)
	}
	end := strings.IndexFunc(s, blank)
	if end < 0 {
		end = len(s)
	}
	return unescape(s[:end], 0), strings.TrimLeftFunc(s[end:], blank)
}

// unescape undoes what substring_conf undoes: a doubled backslash, and a quote
// with one.
func unescape(s string, quote byte) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '\\' || quote != 0 && s[i+1] == quote) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// Words parts s into words.
func Words(s string) []string {
	var out []string
	for s = strings.TrimLeftFunc(s, blank); s != ""; {
		var w string
		w, s = Word(s)
		out = append(out, w)
	}
	return out
}
