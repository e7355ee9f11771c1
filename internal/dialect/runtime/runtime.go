// Package runtime knows the errors that languages, libraries and tools write
// when an exchange fails: curl, OpenSSL, the C library, Go, Node, Python, Java,
// .NET, Ruby, PHP, gRPC, and the pages and status lines that are all that people
// see. Many gateways and applications print them as they are.
package runtime

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/dialect/gonet"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
)

// Dialect is the texts of runtimes and tools. It is no product and no process.
var Dialect = dialect.Dialect{
	Name:        "runtime",
	Doc:         "Errors of curl, OpenSSL, the C library, Go, Node, Python, Java, .NET, Ruby and gRPC, and bare status lines, whoever prints them.",
	Application: true,
	Logs:        Logs,
	Words:       append(append(clientWords, programWords...), statusWords...),
}

// Logs are the texts, by who writes them. None is sure enough of any file to be
// taken for its log. Those named Program are of programs that ask something
// behind themselves.
var Logs = []dialect.Log{client, program, goErrors, traces, status}

// Program is the name of the log of errors that programs write about what they
// ask for.
const Program = "program errors"

var (
	client, clientWords   = phrase.New(phrase.Options{Name: "client errors", Kind: "app", Words: 26, Source: "curl lib/strerror.c, libcurl-errors(3); OpenSSL crypto/err; glibc strerror(3)"}, clientRows)
	program, programWords = phrase.New(phrase.Options{Name: Program, Kind: "app", Words: 24, Source: "sources and documentation of Node, Python, Java, Netty, .NET, Ruby, gRPC"}, programRows)
	status, statusWords   = phrase.New(phrase.Options{Name: "status lines", Kind: "app", Words: 12, Source: "RFC 9110 section 15.6"}, statusRows)
)

var goTable = applog.NewTable()

var goKeys = gonet.Add(goTable, "Go net, net/http, crypto/tls", func(gonet.Kind) int { return 0 })

// goErrors are the errors of Go programs.
var goErrors = dialect.Log{Name: "go errors", Kind: "app", Line: readGo, Sniff: dialect.Share(22, readGo), Time: line.Time, Conds: goTable.Conds()}

func readGo(b []byte, r *dialect.Record) dialect.Key {
	r.Reset()
	b = line.Trim(b)
	if len(b) == 0 || len(b) > 1<<15 {
		return dialect.Unparsed
	}
	k := gonet.Read(b, r)
	if k == gonet.None {
		r.Reset()
		return dialect.Unparsed
	}
	r.Message = b
	if r.Endpoint != nil {
		r.Upstream = r.Endpoint
	}
	return goKeys[k]
}

// traces are exceptions and exhausted limits of programs of any language.
var traces = quiet(applog.New("traces", "app", 20, applog.NewTable(), func([]byte, line.Head, *dialect.Record) dialect.Key { return dialect.Unparsed }))

// quiet makes a log be a little sure of each line that it knows.
func quiet(l dialect.Log) dialect.Log {
	l.Sniff = dialect.Share(18, l.Line)
	return l
}
