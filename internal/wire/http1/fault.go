// Package http1 reads and writes HTTP/1 messages as bytes: heads of responses and
// requests, chunked bodies. It is strict and says what is wrong instead of
// stopping at it, works on the caller's memory, and reads nothing by itself.
package http1

import "strconv"

// Kind names one way in which bytes break the rules of HTTP/1.
type Kind string

// The kinds. What each breaks stands in rules.
const (
	StatusLine      Kind = "status_line"          // malformed status line
	StatusSpace     Kind = "status_space"         // no space after the status code
	BadVersion      Kind = "version"              // an HTTP version that is not 1.x
	NoColon         Kind = "no_colon"             // field line without a colon
	NameSpace       Kind = "name_space"           // white space in a field name or before its colon
	NameChar        Kind = "name_char"            // a byte that no field name has, or no name at all
	ValueChar       Kind = "value_char"           // NUL or another control byte in a value
	ObsFold         Kind = "obs_fold"             // a value that goes on in the next line
	LeadingSpace    Kind = "leading_space"        // white space between status line and first field
	BareLF          Kind = "bare_lf"              // a line that ends with LF alone
	BareCR          Kind = "bare_cr"              // CR without LF
	LengthInvalid   Kind = "length_invalid"       // Content-Length that is no number
	LengthDiffers   Kind = "length_differs"       // several Content-Length values
	LengthRepeated  Kind = "length_repeated"      // the same Content-Length several times
	LengthForbidden Kind = "length_forbidden"     // Content-Length on 1xx or 204
	LengthAndCoding Kind = "length_and_coding"    // Content-Length together with Transfer-Encoding
	CodingRepeated  Kind = "coding_repeated"      // several Transfer-Encoding fields, or chunked twice
	CodingUnknown   Kind = "coding_unknown"       // a transfer coding that is not registered
	CodingOrder     Kind = "coding_order"         // chunked is there, but is not the last coding
	CodingForbidden Kind = "coding_forbidden"     // Transfer-Encoding on HTTP/1.0, 1xx or 204
	ChunkSize       Kind = "chunk_size"           // chunk size that is no hexadecimal number
	ChunkEnd        Kind = "chunk_end"            // chunk data not followed by CRLF
	ChunkCut        Kind = "chunk_cut"            // the end came before the last chunk
	BodyShort       Kind = "body_short"           // the end came before Content-Length bytes
	HeadCut         Kind = "head_cut"             // the end came before the head was complete
	ExtraData       Kind = "extra_data"           // bytes after the end of the message
	TooManyFields   Kind = "too_many_fields"      // more fields than we read
	HeadTooLarge    Kind = "head_too_large"       // a head larger than we read
	TrailerTooLarge Kind = "trailer_too_large"    // trailers or chunk extensions larger than we read
	TooManyInterim  Kind = "too_many_interim"     // more 1xx answers than we read
	Switching       Kind = "unexpected_switching" // 101 without our asking for it
)

// Rule is what the standard says about a kind of fault.
type Rule struct {
	Section string // "RFC 9112 section 4"
	Words   string // what it says, in few words
	Fatal   bool   // a recipient must not, or cannot, take the message as it stands
}

// RuleOf returns what the standard says about k. Faults that are only bounds of
// ours have an empty Section.
func RuleOf(k Kind) Rule { return rules[k] }

var rules = map[Kind]Rule{
	StatusLine:      {"RFC 9112 section 4", "status-line = HTTP-version SP status-code SP [ reason-phrase ]", true},
	StatusSpace:     {"RFC 9112 section 4", "a server MUST send the space after the status-code even when the reason-phrase is absent", false},
	BadVersion:      {"RFC 9112 section 2.3", `HTTP-version = "HTTP" "/" DIGIT "." DIGIT`, true},
	NoColon:         {"RFC 9112 section 5", `field-line = field-name ":" OWS field-value OWS`, true},
	NameSpace:       {"RFC 9112 section 5.1", "no whitespace is allowed between the field name and colon", true},
	NameChar:        {"RFC 9110 section 5.1", "field-name = token", true},
	ValueChar:       {"RFC 9110 section 5.5", "field values containing CR, LF, or NUL characters are invalid and dangerous", true},
	ObsFold:         {"RFC 9112 section 5.2", "a sender MUST NOT generate a message that includes line folding", false},
	LeadingSpace:    {"RFC 9112 section 2.2", "a sender MUST NOT send whitespace between the start-line and the first header field", true},
	BareLF:          {"RFC 9112 section 2.2", "the line terminator is the sequence CRLF; a recipient MAY recognize a single LF", false},
	BareCR:          {"RFC 9112 section 2.2", "a sender MUST NOT generate a bare CR", true},
	LengthInvalid:   {"RFC 9112 section 6.3", "an invalid Content-Length makes the message framing invalid", true},
	LengthDiffers:   {"RFC 9112 section 6.3", "an invalid Content-Length makes the message framing invalid", true},
	LengthRepeated:  {"RFC 9110 section 8.6", "a list of the same decimal value: reject the message or use that value", false},
	LengthForbidden: {"RFC 9110 section 8.6", "a server MUST NOT send Content-Length in a response with a status code of 1xx or 204", false},
	LengthAndCoding: {"RFC 9112 section 6.3", "Transfer-Encoding overrides the Content-Length; such a message ought to be handled as an error", true},
	CodingRepeated:  {"RFC 9112 section 6.1", "a sender MUST NOT apply the chunked transfer coding more than once", true},
	CodingUnknown:   {"RFC 9112 section 7", "transfer codings are registered: chunked, compress, deflate, gzip", true},
	CodingOrder:     {"RFC 9112 section 6.1", "chunked must be the final transfer coding, or the connection must be closed", false},
	CodingForbidden: {"RFC 9112 section 6.1", "Transfer-Encoding must not be sent with HTTP/1.0, 1xx or 204", true},
	ChunkSize:       {"RFC 9112 section 7.1", "chunk-size = 1*HEXDIG", true},
	ChunkEnd:        {"RFC 9112 section 7.1", "chunk = chunk-size [ chunk-ext ] CRLF chunk-data CRLF", true},
	ChunkCut:        {"RFC 9112 section 8", "a chunked body is incomplete if the zero-sized chunk has not been received", true},
	BodyShort:       {"RFC 9112 section 8", "a body is incomplete if fewer octets than Content-Length were received", true},
	HeadCut:         {"RFC 9112 section 8", "a message whose header section was not received completely is incomplete", true},
	ExtraData:       {"RFC 9112 section 6.3", "a client MUST NOT process extra data as a separate response", false},
	TooManyFields:   {"", "more header fields than are read", true},
	HeadTooLarge:    {"", "a head larger than is read", true},
	TrailerTooLarge: {"", "trailers or chunk extensions larger than are read", true},
	TooManyInterim:  {"", "more 1xx responses than are read", true},
	RequestLine:     {"RFC 9112 section 3", "request-line = method SP request-target SP HTTP-version", true},
	BadTarget:       {"RFC 9112 section 3.2", "request-target = origin-form / absolute-form / authority-form / asterisk-form", true},
	HostMissing:     {"RFC 9112 section 3.2", "a server MUST respond with 400 to an HTTP/1.1 request that lacks a Host header field", true},
	HostRepeated:    {"RFC 9112 section 3.2", "a server MUST respond with 400 to a request that contains more than one Host header field line", true},
	HostInvalid:     {"RFC 9112 section 3.2", "a server MUST respond with 400 to a Host header field with an invalid field value", true},
	BadExpect:       {"RFC 9110 section 10.1.1", "a server that receives an expectation other than 100-continue MAY respond with 417", true},
	Switching:       {"RFC 9110 section 15.2.2", "101 needs an Upgrade field in the request", true},
}

// Fault is one place where bytes break the rules. It is a plain value.
type Fault struct {
	Kind    Kind   `json:"kind"`
	Section string `json:"section,omitempty"` // of the standard: "RFC 9112 section 5.1"
	Rule    string `json:"rule,omitempty"`    // what the standard says there
	Fatal   bool   `json:"fatal,omitempty"`   // a recipient must not, or cannot, take the message as it stands
	Offset  int64  `json:"offset"`            // of the bytes at fault, from the first byte of the message or body
	Quote   string `json:"quote,omitempty"`   // the bytes, at most MaxQuote of them
}

// MaxQuote is how many bytes of a fault are quoted.
const MaxQuote = 80

// NewFault returns a fault of kind k at offset, quoting at most MaxQuote of seen.
func NewFault(k Kind, offset int64, seen []byte) Fault {
	r := rules[k]
	return Fault{Kind: k, Section: r.Section, Rule: r.Words, Fatal: r.Fatal, Offset: offset, Quote: quote(seen)}
}

// Error lets a fault travel as an error.
func (f *Fault) Error() string {
	if f.Quote == "" {
		return string(f.Kind) + " at byte " + strconv.FormatInt(f.Offset, 10)
	}
	return string(f.Kind) + " at byte " + strconv.FormatInt(f.Offset, 10) + ": " + strconv.Quote(f.Quote)
}

func quote(b []byte) string {
	if len(b) > MaxQuote {
		b = b[:MaxQuote]
	}
	return string(b)
}
