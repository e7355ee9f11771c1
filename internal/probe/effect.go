package probe

import (
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// Effect says what a gateway makes of a fault in an upstream's answer. Gateways
// are more lenient than the standard, and not all in the same places: a fault that
// is Fatal by the standard is often let pass.
type Effect string

// The effects.
const (
	Refuses Effect = "refuses" // the client gets a 502
	Cuts    Effect = "cuts"    // the client gets a body that is cut short, or nothing at all where nothing had been sent yet
	Passes  Effect = "passes"  // the client gets the bytes as they are, without a head (HTTP/0.9)
	Takes   Effect = "takes"   // the client notices nothing
	Unsure  Effect = "unsure"  // depends on the version, or is not known
)

// NginxEffect says what nginx of that version ("1.22.1"; empty: not known) makes of
// a fault. Measured with 1.22.1, which a test repeats; what changed since stands in
// nginx's CHANGES (1.21.1, header names) and in src/http/ngx_http_upstream.c
// (Content-Length and Transfer-Encoding, later than 1.22).
func NginxEffect(version string, f http1.Fault) Effect {
	switch f.Kind {
	case http1.StatusLine:
		if nginxStatusLine(f.Quote) {
			return Takes
		}
		return Passes
	case http1.NameSpace:
		return since(version, 1, 21, Refuses, Unsure)
	case http1.NameChar:
		name, _, _ := strings.Cut(f.Quote, ":")
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			return since(version, 1, 21, Refuses, Unsure)
		}
		return Takes
	case http1.ValueChar:
		if strings.Contains(f.Quote, "\x00") {
			return Refuses
		}
		return Takes
	case http1.ObsFold, http1.LeadingSpace:
		return since(version, 1, 21, Refuses, Unsure)
	case http1.BareCR:
		return Refuses
	case http1.HeadCut:
		return Refuses
	case http1.LengthInvalid, http1.LengthDiffers, http1.LengthRepeated, http1.LengthAndCoding, http1.CodingRepeated, http1.CodingUnknown, http1.CodingOrder:
		return since(version, 1, 23, Unsure, Takes)
	case http1.ChunkSize, http1.ChunkEnd, http1.ChunkCut, http1.BodyShort:
		return Cuts
	case http1.HeadTooLarge, http1.TooManyInterim, http1.TrailerTooLarge, http1.TooManyFields, http1.Switching:
		return Unsure // bounds of ours
	}
	return Takes
}

// since chooses by whether version is at least major.minor; a version that is not
// known is Unsure.
func since(version string, major, minor int, then, before Effect) Effect {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return Unsure
	}
	a, errA := strconv.Atoi(parts[0])
	b, errB := strconv.Atoi(parts[1])
	switch {
	case errA != nil || errB != nil:
		return Unsure
	case a > major || a == major && b >= minor:
		return then
	}
	return before
}

// nginxStatusLine reports whether nginx reads a status out of a line: spaces may be
// several, and any three digits will do (src/http/ngx_http_parse.c,
// ngx_http_parse_status_line).
func nginxStatusLine(line string) bool {
	rest, ok := strings.CutPrefix(line, "HTTP/")
	number := func() bool {
		digits := strings.TrimLeft(rest, "0123456789")
		ok := len(digits) < len(rest)
		rest = digits
		return ok
	}
	if !ok || !number() || !strings.HasPrefix(rest, ".") {
		return false
	}
	rest = rest[1:]
	if !number() || !strings.HasPrefix(rest, " ") {
		return false
	}
	rest = strings.TrimLeft(rest, " ")
	code := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
	return code == 3 && (len(rest) == 3 || rest[3] == ' ' || rest[3] == '.')
}
