package upstream

import (
	"errors"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/event"
	"github.com/goodgatehq/goodgate/internal/vocab"
	"github.com/goodgatehq/goodgate/internal/wire/fastcgi"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// upload sends the rest of a body while the answer is waited for.
type upload struct {
	x    *Exchange
	cont chan struct{} // closed when the server wants the body (100)
	once sync.Once
	done chan struct{}
	stop chan struct{}
	last atomic.Bool // the last bytes are being written
	f    *Failure    // valid after done
}

// expectWait is how long a server that was asked with Expect is waited for before
// the body is sent anyway (RFC 9110 section 10.1.1: not indefinitely).
const expectWait = time.Second

func (x *Exchange) startUpload() {
	u := &upload{x: x, cont: make(chan struct{}), done: make(chan struct{}), stop: make(chan struct{})}
	x.up = u
	if !x.req.Expect {
		u.goOn()
	}
	x.end.pool.wg.Add(1)
	go func() {
		defer x.end.pool.wg.Done()
		defer close(u.done)
		u.f = u.run()
		u.ended()
	}()
}

// ended says to the exchange what the end of the upload means.
func (u *upload) ended() {
	select {
	case <-u.stop:
		return
	default:
	}
	switch x := u.x; {
	case u.f == nil:
		x.asked.Store(time.Now().UnixNano())
	case u.f.Client, timeout(u.f.Err) && x.state.Load()&waiting != 0:
		// The request will never be complete: the server must not take what it has
		// for the whole, and an answer that is here has been read.
		x.conn.base.Close()
	}
}

// broke returns why the upload ended, where that is what ended the connection.
func (x *Exchange) broke(err error) *Failure {
	if x.up == nil {
		return nil
	}
	closed := errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe)
	if closed {
		<-x.up.done // it closed the connection, and is about to end
	}
	if f := x.up.failure(); f != nil && (f.Client || closed) {
		return f
	}
	return nil
}

// unwanted says that a client that waits for leave to send its body got an answer
// instead; nil where it did not.
func (u *upload) unwanted() *Failure {
	if !u.x.req.Expect || u.x.state.Load()&answered == 0 {
		return nil
	}
	return &Failure{Symptom: vocab.HTTPRequestError, Phase: event.Send, Detail: "the answer came before the body"}
}

func (u *upload) goOn() { u.once.Do(func() { close(u.cont) }) }

// failure returns why the upload ended early, nil while it runs.
func (u *upload) failure() *Failure {
	select {
	case <-u.done:
		return u.f
	default:
		return nil
	}
}

func (u *upload) run() *Failure {
	t := time.NewTimer(expectWait)
	defer t.Stop()
	select {
	case <-u.cont:
	case <-t.C:
		if f := u.unwanted(); f != nil {
			return f
		}
	case <-u.stop:
		return nil
	}
	body, held := u.x.req.Body, []byte(nil)
	if u.x.req.Expect {
		held = body.Held
	}
	w := uploadWriter{u: u, conn: u.x.conn, left: body.Length}
	if !u.x.req.Expect {
		w.left -= int64(len(body.Held))
	}
	if len(held) > 0 {
		if f := w.write(held); f != nil {
			return f
		}
	}
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	body.taken.Store(true)
	select { // stopUpload looks at taken after it closes stop
	case <-u.stop:
		body.taken.Store(false)
		return nil
	default:
	}
	for {
		n, err := body.Rest.Read((*buf)[:bufferSize])
		if n > 0 {
			if f := w.write((*buf)[:n]); f != nil {
				return f
			}
		}
		if err == io.EOF {
			return w.end(body)
		}
		if err != nil {
			if f := u.unwanted(); f != nil {
				return f
			}
			return &Failure{Symptom: vocab.HTTPRequestError, Phase: event.Send, Client: true, Detail: "the client broke off its body", Err: err}
		}
	}
}

// uploadWriter writes pieces of a body in the framing of the request.
type uploadWriter struct {
	u    *upload
	conn *conn
	left int64 // negative: chunked
	buf  []byte
}

func (w *uploadWriter) write(b []byte) *Failure {
	x := w.u.x
	x.conn.c.SetWriteDeadline(x.before(time.Now(), x.end.pool.Settings.Timeouts.Send))
	if x.state.Load()&cancelled != 0 {
		x.conn.c.SetWriteDeadline(past)
	}
	out := b
	switch {
	case x.fcgi != nil:
		w.buf = fastcgi.AppendRecord(w.buf[:0], fastcgi.Stdin, requestID, b)
		out = w.buf
	case x.req.Body.Length < 0:
		w.buf = appendChunk(w.buf[:0], b)
		out = w.buf
	default:
		if int64(len(b)) > w.left {
			return &Failure{Symptom: vocab.HTTPRequestError, Phase: event.Send, Client: true, Detail: "the body is longer than announced"}
		}
		if w.left -= int64(len(b)); w.left == 0 {
			w.u.last.Store(true)
		}
	}
	if _, err := w.conn.c.Write(out); err != nil {
		return fail(event.Send, err)
	}
	return nil
}

func (w *uploadWriter) end(body *Body) *Failure {
	x := w.u.x
	w.u.last.Store(true)
	var out []byte
	switch {
	case x.fcgi != nil:
		out = fastcgi.AppendRecord(nil, fastcgi.Stdin, requestID, nil)
	case body.Length < 0:
		out = append(w.buf[:0], "0\r\n"...)
		if body.Trailer != nil {
			for _, f := range body.Trailer() {
				if line, err := http1.AppendField(out, f[0], f[1]); err == nil { // what would break a line is left out
					out = line
				}
			}
		}
		out = append(out, "\r\n"...)
	case w.left > 0:
		return &Failure{Symptom: vocab.HTTPRequestError, Phase: event.Send, Client: true, Detail: "the body is shorter than announced", Err: errors.New("short body")}
	default:
		return nil
	}
	if _, err := w.conn.c.Write(out); err != nil {
		return fail(event.Send, err)
	}
	return nil
}

// uploaded reports whether the whole request was sent.
func (x *Exchange) uploaded() bool {
	if x.up == nil {
		return true
	}
	select {
	case <-x.up.done:
		return x.up.f == nil
	default:
		return false
	}
}

// grace is how long the end of an upload is waited for when the answer is there: a
// server answers when it has read the last byte, a moment before the writer knows.
const grace = 2 * time.Millisecond

// lastGrace is the same where the last bytes are known to be on their way: only the
// scheduler of a busy host is waited for.
const lastGrace = 100 * time.Millisecond

// Uploading reports whether the request is still being sent although the answer has
// begun. The client's connection cannot carry another request then.
func (x *Exchange) Uploading() bool {
	if x.uploaded() {
		return false
	}
	return !x.up.within(grace) && !(x.up.last.Load() && x.up.within(lastGrace))
}

// within waits for the upload's end and reports whether it came without a failure.
func (u *upload) within(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-u.done:
		return u.f == nil
	case <-t.C:
		return false
	}
}

// stopUpload ends an upload that is under way and waits for it. The socket is
// closed already, or the upload blocks on the client.
func (x *Exchange) stopUpload() {
	if x.up == nil {
		return
	}
	select {
	case <-x.up.done:
		return
	default:
	}
	close(x.up.stop)
	// Its next write fails, so it ends by itself unless it waits for the client.
	if x.req.Body.taken.Load() && !x.up.within(grace) && x.uploadRuns() {
		x.req.Body.Stop()
	}
	<-x.up.done
}

func (x *Exchange) uploadRuns() bool {
	select {
	case <-x.up.done:
		return false
	default:
		return true
	}
}

// appendChunk appends one chunk; nothing for no data, which would be the last.
func appendChunk(b, data []byte) []byte {
	if len(data) == 0 {
		return b
	}
	b = strconv.AppendInt(b, int64(len(data)), 16)
	b = append(b, "\r\n"...)
	b = append(b, data...)
	return append(b, "\r\n"...)
}
