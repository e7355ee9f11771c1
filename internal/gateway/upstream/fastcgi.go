package upstream

import (
	"errors"
	"io"

	"github.com/goodgatehq/goodgate/internal/wire/fastcgi"
)

// fcgi takes the records of an answer apart. The connection serves one request: a
// connection that is kept occupies a worker of the application.
type fcgi struct {
	raw    []byte // unread bytes of records
	ended  bool   // the EndRequest record came
	stderr []byte // the beginning of what the application complained about
}

// errFastCGIEnd is the proper end of an answer.
var errFastCGIEnd = errors.New("the application ended its answer")

// requestID is that of the one request of a connection.
const requestID = 1

// maxStderr bounds what is kept of an application's complaints.
const maxStderr = 512

func (x *Exchange) writeFastCGI() (int64, error) {
	x.fcgi = &fcgi{}
	b := fastcgi.AppendBegin(nil, requestID, fastcgi.Responder, 0)
	b = appendParams(b, x.req.Params)
	if len(x.req.Body.Held) > 0 {
		b = fastcgi.AppendRecord(b, fastcgi.Stdin, requestID, x.req.Body.Held)
	}
	if x.req.Body.whole() {
		b = fastcgi.AppendRecord(b, fastcgi.Stdin, requestID, nil)
	}
	n, err := x.conn.c.Write(b)
	return int64(n), err
}

// maxContent is the most that is put into a record: it is padded to eight bytes.
const maxContent = fastcgi.MaxContent &^ 7

// appendParams appends the records of the parameters and the empty one that ends them.
// No pair is split that fits a record: PHP reads each record by itself
// (fcgi_get_params of main/fastcgi.c) and ends the connection at a part of a pair.
func appendParams(b, params []byte) []byte {
	for len(params) > maxContent {
		n := 0
		fastcgi.ParseParams(params, func(name, value []byte) bool {
			pair := len(fastcgi.AppendParam(nil, string(name), string(value)))
			fits := n+pair <= maxContent
			if fits || n == 0 {
				n += pair
			}
			return fits
		})
		b = fastcgi.AppendRecord(b, fastcgi.Params, requestID, params[:n])
		params = params[n:]
	}
	if len(params) > 0 {
		b = fastcgi.AppendRecord(b, fastcgi.Params, requestID, params)
	}
	return fastcgi.AppendRecord(b, fastcgi.Params, requestID, nil)
}

// Stderr returns what the application wrote to its error stream, bounded.
func (x *Exchange) Stderr() string {
	if x.fcgi == nil {
		return ""
	}
	return string(x.fcgi.stderr)
}

// fillFastCGI reads until there is more of the answer, or its end.
func (x *Exchange) fillFastCGI() error {
	f, c := x.fcgi, x.conn
	if c.r == c.w {
		c.r, c.w = 0, 0
	} else if c.r > 0 {
		c.w = copy(*c.buf, c.unread())
		c.r = 0
	}
	for {
		if f.ended {
			return errFastCGIEnd
		}
		r, n, err := fastcgi.Parse(f.raw)
		switch {
		case err == nil:
			got, err := x.record(r)
			if err != nil {
				return err
			}
			if !got {
				return nil // no room: the record stays
			}
			f.raw = f.raw[n:]
			if len(f.raw) == 0 {
				f.raw = nil
			}
			if r.Type == fastcgi.Stdout && len(r.Content) > 0 {
				return nil
			}
			continue
		case err == fastcgi.ErrVersion:
			return err
		}
		buf := buffers.Get().(*[]byte)
		n, err = c.c.Read((*buf)[:bufferSize])
		f.raw = append(f.raw, (*buf)[:n]...)
		buffers.Put(buf)
		if n == 0 && err != nil {
			if err == io.EOF {
				return io.ErrUnexpectedEOF
			}
			return err
		}
	}
}

// record takes one record; false where the buffer has no room for it.
func (x *Exchange) record(r fastcgi.Record) (bool, error) {
	c := x.conn
	if r.ID != requestID {
		return true, nil // nobody asked for it
	}
	switch r.Type {
	case fastcgi.Stdout:
		if len(r.Content) > len(*c.buf)-c.w {
			if c.w > 0 && x.Response.Status != 0 {
				return false, nil
			}
			c.grow(c.w + len(r.Content))
		}
		c.w += copy((*c.buf)[c.w:], r.Content)
	case fastcgi.Stderr:
		x.fcgi.stderr = append(x.fcgi.stderr, r.Content[:min(len(r.Content), maxStderr-len(x.fcgi.stderr))]...)
	case fastcgi.EndRequest:
		x.fcgi.ended = true
		if _, protocol, err := fastcgi.ParseEnd(r.Content); err != nil || protocol != fastcgi.RequestComplete {
			return true, errors.New("the application did not take the request: " + fastcgi.StatusText(protocol))
		}
	}
	return true, nil
}
