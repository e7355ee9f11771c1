// Package tomcat knows Apache Tomcat and what Java servers write when they run
// out of something: catalina.out and its kin.
package tomcat

import (
	"bytes"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is Tomcat.
var Dialect = dialect.Dialect{
	Name:        "tomcat",
	Doc:         "Apache Tomcat: its process, catalina.out, and what Java writes when it runs out of memory, files or connections.",
	Application: true,
	Recognise:   recognise,
	Logs:        Logs,
}

// recognise finds the Java process that runs Tomcat's Bootstrap class.
func recognise(p dialect.Process) (dialect.Launch, bool) {
	l := dialect.Launch{Product: "tomcat", PID: p.PID, Exe: p.Exe}
	found := false
	for _, a := range p.Args {
		if v, ok := strings.CutPrefix(a, "-Dcatalina.base="); ok {
			l.Prefix, l.Config = v, v+"/conf/server.xml"
		}
		found = found || a == "org.apache.catalina.startup.Bootstrap"
	}
	return l, found
}

// Logs are catalina.out: the standard output of a Java server.
var Logs = []dialect.Log{applog.New("tomcat", "app", 90, table, read)}

// read reads "21-Aug-2026 10:15:30.123 SEVERE [main] org.apache.… message" and
// the exceptions of any Java program.
func read(b []byte, _ line.Head, r *dialect.Record) dialect.Key {
	text, headed := head(b, r)
	r.Message = text
	switch {
	case line.Contains(text, "java.lang.OutOfMemoryError: "):
		return keyMemory
	case line.Contains(text, "Too many open files") && line.Contains(text, "Exception"):
		return keyFiles
	case line.Contains(text, "onnection is not available, request timed out after"):
		return keyPool
	case line.Contains(text, "All threads (") && line.Contains(text, "are currently busy"):
		return keyThreads
	case line.Contains(text, "Failed to initialize component [Connector["), line.Contains(text, "Failed to start component [Connector["):
		return keyConnector
	case line.Contains(text, "startup failed due to previous errors"):
		return keyBoot
	case line.Contains(text, "Error parsing HTTP request header"):
		return keyParse
	case line.Contains(text, "Request header is too large"):
		return keyTooLarge
	case line.Contains(text, "Starting ProtocolHandler [\""):
		r.Endpoint = listening(text)
		return keyListening
	case line.Contains(text, "Server startup in "):
		return keyReady
	case line.Contains(text, "A valid shutdown command was received"), line.Contains(text, "Stopping ProtocolHandler ["):
		return keyStopping
	case line.Contains(text, "appears to have started a thread named") || line.Contains(text, "has been active for ["):
		return keyStuck
	}
	if headed {
		return dialect.Plain
	}
	return dialect.Unparsed
}

// head reads the stamp, level and thread of java.util.logging's one-line format.
func head(b []byte, r *dialect.Record) ([]byte, bool) {
	if len(b) < 26 || b[2] != '-' || b[6] != '-' || b[11] != ' ' || b[14] != ':' {
		return b, false
	}
	stamp, rest := b[:11], b[12:]
	clock, rest := line.Word(rest)
	level, rest := line.Word(rest)
	switch string(level) {
	case "SEVERE", "WARNING", "INFO", "CONFIG", "FINE", "FINER", "FINEST":
	default:
		return b, false
	}
	r.Stamp, r.Level = b[:len(stamp)+1+len(clock)], level
	if len(rest) > 0 && rest[0] == '[' {
		if i := line.Index(rest, "] "); i >= 0 {
			rest = rest[i+2:]
		}
	}
	return rest, true
}

// listening returns ":8080" of `ProtocolHandler ["http-nio-8080"]` as far as it
// goes: the port.
func listening(b []byte) []byte {
	rest, _ := line.After(b, "ProtocolHandler [\"")
	name, _, _ := bytes.Cut(rest, []byte{'"'})
	i := bytes.LastIndexByte(name, '-')
	if _, ok := line.Int(name[i+1:]); !ok {
		return nil
	}
	return name[i+1:]
}

const source = "tomcat org.apache.catalina, org.apache.coyote; OpenJDK"

var table = applog.TableOf(source)

var add = table.Own

var (
	keyMemory = add("jvm-memory", vocab.ConnectionReadTimeout, dialect.PhaseHeader, vocab.AppErrorLogged, true,
		"The heap (or what the text names) is full: long collections make requests slow before threads die.", vocab.MemoryPressure, vocab.UpstreamHung, vocab.UpstreamCrashed)
	keyFiles = add("jvm-files", vocab.ConnectionReadTimeout, dialect.PhaseHeader, vocab.AppNoFiles, true,
		"The process's limit of open files: it accepts no more.", vocab.FDExhausted)
	keyPool = add("jvm-pool", vocab.ConnectionReadTimeout, dialect.PhaseHeader, vocab.AppWorkersExhausted, true,
		"No connection of the database pool became free: slow queries, a leak, or a pool that is too small.", vocab.WorkersExhausted, vocab.DependencyDown, vocab.UpstreamSlow)
	keyThreads = add("threads-busy", vocab.ConnectionLimitReached, dialect.PhaseHeader, vocab.AppWorkersExhausted, false,
		"maxThreads is reached: a thread dump says what they wait for.", vocab.WorkersExhausted, vocab.UpstreamSlow)
	keyConnector = add("connector-failed", vocab.ConnectionRefused, dialect.PhaseLocal, vocab.AppCannotListen, false,
		"Another process has the port, or the key store cannot be read.", vocab.UpstreamDown, vocab.InvalidConfig)
	keyBoot = add("context-failed", "", dialect.PhaseLocal, vocab.AppBootFailed, false,
		"The application did not start and its paths answer 404: the lines before say why.", vocab.AppError, vocab.InvalidConfig)
	keyParse = add("invalid-request", vocab.HTTPProtocolError, dialect.PhaseSend, vocab.AppWrongProtocol, false,
		"TLS or the PROXY protocol to a plain port, AJP mixed up with HTTP, or a scanner.", vocab.ProtocolMismatch, vocab.MalformedRequest)
	keyTooLarge = add("request-too-large", vocab.HTTPRequestError, dialect.PhaseSend, vocab.AppRequestTooLarge, true,
		"Over maxHttpHeaderSize (8 kB).", vocab.RequestTooLarge)
	keyStuck = add("thread-stuck", "", dialect.PhaseHeader, vocab.AppSlowLogged, false,
		"StuckThreadDetectionValve, or a thread that outlives its application: the stack follows.", vocab.UpstreamHung, vocab.UpstreamSlow)
	keyListening = add("listening", "", dialect.PhaseLocal, vocab.AppListening, false, "Where it really listens: compare with the gateway's configuration.", vocab.WrongAddress)
	keyReady     = add("ready", "", dialect.PhaseLocal, vocab.AppStarting, false, "Tomcat started.")
	keyStopping  = add("stopping", "", dialect.PhaseLocal, vocab.AppStopping, false, "Tomcat was told to stop.")
)
