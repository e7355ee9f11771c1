package lab

import (
	"cmp"
	"net/http"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// These scenes stand behind any product: the application answers, in a way that
// is wrong or right.

// responds is an application that gives one answer to everything.
func responds(lay layout, r backend.Route) start {
	r.Path = "/"
	return func(b *Bench) (Scene, error) {
		name := b.Name()
		app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{r}})
		return lay(b, name, app.Addr).Run().Served(0).Scene()
	}
}

// misdoes is an application that does one thing to everything, in the words of
// package backend.
func misdoes(lay layout, what, name, doc string, cause vocab.Cause, symptom vocab.Symptom) Fault {
	return fault(name, doc, cause, symptom, 502, func(b *Bench) (Scene, error) {
		name := b.Name()
		app := b.Backend(name, does(b.local(), what))
		return lay(b, name, app.Addr).Run().Scene()
	})
}

func emptyClose(lay layout) Fault {
	return misdoes(lay, "close", "empty-close", "the application reads the request and closes without a word, and lives on", vocab.EmptyResponse, vocab.ConnectionTerminated)
}

func emptyReset(lay layout) Fault {
	return misdoes(lay, "reset", "empty-reset", "the application reads the request and resets the connection, and lives on", vocab.EmptyResponse, vocab.ConnectionTerminated)
}

func badHeader(lay layout) Fault {
	return misdoes(lay, "bad-header", "invalid-header", "a header line of the answer has a control character in its name", vocab.InvalidResponse, vocab.HTTPProtocolError)
}

func garbage(lay layout) Fault {
	return misdoes(lay, "garbage", "invalid-garbage", "the answer is no HTTP at all", vocab.InvalidResponse, vocab.HTTPProtocolError)
}

func badStatus(lay layout) Fault {
	return misdoes(lay, "bad-status", "invalid-status", "the answer's status line has no number", vocab.InvalidResponse, vocab.HTTPProtocolError)
}

func shortBody(lay layout) Fault {
	return misdoes(lay, "short", "truncated-body", "the body is shorter than its Content-Length; the status is 200", vocab.TruncatedResponse, vocab.HTTPResponseIncomplete).status(200)
}

func cutChunk(lay layout) Fault {
	return misdoes(lay, "cut-chunk", "truncated-chunk", "a chunked body breaks off; the status is 200", vocab.TruncatedResponse, vocab.HTTPResponseIncomplete).status(200)
}

func halfHeader(lay layout) Fault {
	return misdoes(lay, "half-header", "truncated-header", "the answer breaks off in its header", vocab.TruncatedResponse, vocab.ConnectionTerminated)
}

// bigHeader sends so many bytes of cookies.
func bigHeader(lay layout, size int, doc string) Fault {
	return fault("buffer", doc, vocab.BufferTooSmall, vocab.HTTPHeaderSectionSize, 502, responds(lay, backend.Route{Pad: size}))
}

// appErrors are errors of the application's own.
func appErrors(lay layout) []Fault {
	return []Fault{
		fault("app-error", "the application answers 500", vocab.AppError, "", 500, responds(lay, backend.Route{Status: 500, Body: "Internal Server Error\n"})),
		fault("app-503", "the application answers 503", vocab.AppError, "", 503, responds(lay, backend.Route{Status: 503, Body: "no database\n"})),
	}
}

// well is an application whose answers are well, whatever their status.
func well(lay layout, name, doc string, r backend.Route) Fault {
	return healthy("healthy-"+name, doc, cmp.Or(r.Status, http.StatusOK), responds(lay, r))
}

// allWell are healthy scenes; limit says how long the gateway would wait.
func allWell(lay layout, limit string) []Fault {
	return []Fault{
		well(lay, "plain", "the application answers", backend.Route{}),
		well(lay, "404", "the application says 404", backend.Route{Status: 404, Body: "no such order\n"}),
		well(lay, "slow", "answers take 0.7 s"+limit, backend.Route{Delay: 700}),
	}
}
