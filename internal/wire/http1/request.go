package http1

import (
	"fmt"
	"strings"
)

// AppendRequestLine appends "METHOD URI HTTP/version" and CRLF. Version is "1.0"
// or "1.1". Words that would break the line are refused; a space in uri is not,
// because gateways send such lines and the answer to one is of interest.
func AppendRequestLine(dst []byte, method, uri, version string) ([]byte, error) {
	switch {
	case !token(method):
		return dst, fmt.Errorf("cannot write the request line: %q is no method", method)
	case uri == "" || strings.ContainsAny(uri, "\r\n\x00"):
		return dst, fmt.Errorf("cannot write the request line: %.80q is no request target", uri)
	case version != "1.0" && version != "1.1":
		return dst, fmt.Errorf("cannot write the request line: %q is no HTTP/1 version", version)
	}
	dst = append(append(dst, method...), ' ')
	dst = append(append(dst, uri...), " HTTP/"...)
	return append(append(dst, version...), "\r\n"...), nil
}

// AppendField appends "Name: value" and CRLF. A name that is no token and a value
// with CR, LF or NUL are refused.
func AppendField(dst []byte, name, value string) ([]byte, error) {
	if !token(name) {
		return dst, fmt.Errorf("cannot write a header field: %.80q is no field name", name)
	}
	for i := 0; i < len(value); i++ {
		if c := value[i]; c == '\r' || c == '\n' || c == 0 {
			return dst, fmt.Errorf("cannot write a header field: the value of %s has a line break or NUL", name)
		}
	}
	dst = append(append(dst, name...), ": "...)
	return append(append(dst, value...), "\r\n"...), nil
}
