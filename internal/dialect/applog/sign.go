package applog

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// sign is something that programs of any kind write when they fail.
type sign uint8

const (
	none sign = iota
	dependencyRefused
	dependencyTimeout
	dependencyName
	dependencyFailed
	poolExhausted
	noFiles
	noSpace
	noTasks
	noMemory
	inUse
	traceback
	exception
	fatal
	panicked
	lastSign = panicked
)

// signs are the conditions of the signs, in their order.
func signs() []dialect.Condition {
	cond := func(id string, fact vocab.Fact, fails bool, distinguish string, causes ...vocab.Cause) dialect.Condition {
		return dialect.Condition{
			ID: id, Phase: dialect.PhaseHeader, Fact: fact, Causes: causes, Distinguish: distinguish, Fails: fails,
			Source: "wording of the language's runtime and of its drivers",
		}
	}
	return []dialect.Condition{
		cond("dependency-refused", vocab.AppDependencyFailed, true,
			"Something that the application calls refuses the connection: the address stands in the line. Is that one up, and is the address right?", vocab.DependencyDown),
		cond("dependency-timeout", vocab.AppDependencyFailed, true,
			"Something that the application calls did not answer in time: the address stands in the line.", vocab.DependencyDown, vocab.UpstreamSlow),
		cond("dependency-name", vocab.AppDependencyFailed, true,
			"The application does not find the address of something that it calls; resolve the name where the application runs.", vocab.DependencyDown, vocab.NoSuchName),
		cond("dependency-failed", vocab.AppDependencyFailed, true,
			"The driver of a database, queue or service reports a failed connection: its words say which.", vocab.DependencyDown),
		cond("pool-exhausted", vocab.AppWorkersExhausted, true,
			"The application waits for a free connection of its pool: is the database slow, or does something keep connections?", vocab.WorkersExhausted, vocab.DependencyDown, vocab.UpstreamSlow),
		cond("too-many-files", vocab.AppNoFiles, true,
			"Compare /proc/PID/limits of the application with the number of its descriptors; ask what it does not close.", vocab.FDExhausted),
		cond("no-space", vocab.AppNoSpace, true,
			"df -h and df -i of the path in the line; a quota counts too.", vocab.DiskFull),
		cond("no-process", vocab.AppCannotFork, true,
			"Processes and threads of the user (ulimit -u), of the control group (pids.max) or of the host; memory for their stacks is the other reason.", vocab.PIDsExhausted, vocab.MemoryPressure),
		cond("out-of-memory", vocab.AppCrashed, true,
			"The language's own memory limit, not the kernel's: which request needs so much, and what is the limit?", vocab.UpstreamCrashed, vocab.MemoryPressure),
		cond("address-in-use", vocab.AppCannotListen, false,
			"Another process, often the application's own predecessor, holds the port (ss -ltnp).", vocab.UpstreamDown, vocab.UpstreamRestarting),
		cond("traceback", vocab.AppErrorLogged, true,
			"The lines that follow say where it happened and what it was.", vocab.AppError),
		cond("exception", vocab.AppErrorLogged, true,
			"The application's own exception; the trace around it says where.", vocab.AppError),
		cond("fatal-error", vocab.AppErrorLogged, true,
			"The request ended there; file and line stand in the text.", vocab.AppError),
		cond("panic", vocab.AppCrashed, true,
			"The program ended, or the request's handler did; the trace that follows says where.", vocab.UpstreamCrashed, vocab.AppError),
	}
}

// find looks for a sign. The more particular ones come first: a refused
// connection is also an exception.
func find(b []byte, r *dialect.Record) sign {
	if len(b) < 8 || len(b) > 1<<16 {
		return none
	}
	if s := dependency(b, r); s != none {
		return s
	}
	if s := exhausted(b); s != none {
		return s
	}
	return thrown(b)
}

// dependency looks for a failed connection to something behind the application.
func dependency(b []byte, r *dialect.Record) sign {
	for _, w := range [...]struct {
		text string
		sign sign
	}{
		{"connect ECONNREFUSED ", dependencyRefused}, // Node
		{"connect ETIMEDOUT ", dependencyTimeout},
		{"connect EHOSTUNREACH ", dependencyTimeout},
		{"getaddrinfo ENOTFOUND ", dependencyName},
		{"getaddrinfo EAI_AGAIN ", dependencyName},
	} {
		if rest, ok := line.After(b, w.text); ok {
			r.Name, _ = line.Word(rest)
			for n := len(r.Name); n > 0 && (r.Name[n-1] == ',' || r.Name[n-1] == '\'' || r.Name[n-1] == '"'); n-- {
				r.Name = r.Name[:n-1]
			}
			return w.sign
		}
	}
	if s := unreached(b, r); s != none {
		return s
	}
	if !line.Contains(b, "onnect") && !line.Contains(b, "OperationalError") && !line.Contains(b, "Mongo") && !line.Contains(b, "SQLSTATE[") {
		return none
	}
	switch {
	case line.Contains(b, "onnection is not available, request timed out after"), // HikariCP
		line.Contains(b, "QueuePool limit of size"),                     // SQLAlchemy
		line.Contains(b, "could not obtain a connection from the pool"), // ActiveRecord
		line.Contains(b, "imeout acquiring a connection"):               // Knex
		return poolExhausted
	case line.Contains(b, "SQLSTATE[HY000] [20"), line.Contains(b, "SQLSTATE[08"), // PDO: 2002 and its kin; class 08
		operational(b), // Python's database drivers, DB-API 2.0
		line.Contains(b, "redis.exceptions.ConnectionError"),        //
		line.Contains(b, "redis.exceptions.TimeoutError"),           //
		line.Contains(b, "requests.exceptions.Connect"),             // ConnectionError, ConnectTimeout
		line.Contains(b, "urllib3.exceptions.MaxRetryError"),        //
		line.Contains(b, "urllib3.exceptions.NewConnectionError"),   //
		line.Contains(b, "httpx.Connect"),                           //
		line.Contains(b, "PG::ConnectionBad"),                       // Ruby
		line.Contains(b, "ActiveRecord::ConnectionNotEstablished"),  //
		line.Contains(b, "Mysql2::Error::ConnectionError"),          //
		line.Contains(b, "Redis::CannotConnectError"),               //
		line.Contains(b, "MongoServerSelectionError"),               //
		line.Contains(b, "MongoNetworkError"),                       //
		line.Contains(b, "ServerSelectionTimeoutError"),             //
		line.Contains(b, "java.net.ConnectException"),               //
		line.Contains(b, "CommunicationsException"),                 // MySQL for Java
		line.Contains(b, "SQLTransientConnectionException"),         //
		line.Contains(b, "could not connect to server"),             // libpq until 13
		line.Contains(b, "connection to server at \""),              // libpq since 14
		line.Contains(b, "Can't connect to MySQL server"),           //
		line.Contains(b, "Can't connect to local MySQL server"),     //
		line.Contains(b, "Lost connection to MySQL server"),         //
		line.Contains(b, "remaining connection slots are reserved"): // PostgreSQL
		if line.Contains(b, "onnection refused") {
			return dependencyRefused
		}
		if line.Contains(b, "timed out") || line.Contains(b, "imeout") {
			return dependencyTimeout
		}
		return dependencyFailed
	}
	return none
}

// unreached looks for an outgoing connection that failed, in the words of a language's
// runtime: Python's errno, Go's dialler, Ruby's Errno, Rust's os error, libcurl.
func unreached(b []byte, r *dialect.Record) sign {
	if rest, ok := line.After(b, "dial tcp "); ok {
		to, _ := line.Word(rest)
		switch {
		case line.Contains(rest, "connect: connection refused"):
			r.Name = line.Trim(to[:max(0, len(to)-1)]) // "127.0.0.1:5432:"
			return dependencyRefused
		case line.Contains(rest, ": i/o timeout"):
			r.Name = line.Trim(to[:max(0, len(to)-1)])
			return dependencyTimeout
		case line.Contains(rest, ": no such host"), line.Contains(rest, "server misbehaving"):
			return dependencyName
		}
	}
	for _, w := range [...]struct {
		text string
		sign sign
	}{
		{"[Errno 111] ", dependencyRefused}, // Python: ConnectionRefusedError
		{"[Errno 113] ", dependencyTimeout}, // no route to host
		{"[Errno 110] ", dependencyTimeout},
		{"gaierror: [Errno -", dependencyName},
		{"Errno::ECONNREFUSED", dependencyRefused},
		{"Errno::ETIMEDOUT", dependencyTimeout},
		{"Errno::EHOSTUNREACH", dependencyTimeout},
		{"Connection refused (os error 111)", dependencyRefused},
		{"RedisException: Connection refused", dependencyRefused},
		{"Connection refused [tcp://", dependencyRefused}, // Predis
		{"cURL error 7: ", dependencyRefused},             // Guzzle
		{"cURL error 6: ", dependencyName},
	} {
		if line.Contains(b, w.text) {
			return w.sign
		}
	}
	return none
}

// operational reports whether a DB-API driver could not reach its database; the
// same exception also stands for tables that do not exist.
func operational(b []byte) bool {
	if !line.Contains(b, "OperationalError") {
		return false
	}
	for _, w := range [...]string{"onnect", "server closed", "timed out", "timeout", "gone away", "too many clients", "ot translate host name"} {
		if line.Contains(b, w) {
			return true
		}
	}
	return false
}

// exhausted looks for limits of the process.
func exhausted(b []byte) sign {
	switch {
	case line.Contains(b, "Too many open files"), line.Contains(b, "EMFILE"), line.Contains(b, "too many open files"):
		return noFiles
	case line.Contains(b, "No space left on device"), line.Contains(b, "no space left on device"), line.Contains(b, "Disk quota exceeded"):
		return noSpace
	case cannotStart(b):
		return noTasks
	case line.Contains(b, "JavaScript heap out of memory"), line.Contains(b, "java.lang.OutOfMemoryError"), line.Has(b, "MemoryError"):
		return noMemory
	case line.Contains(b, "EADDRINUSE"), line.Contains(b, "ddress already in use"):
		return inUse
	}
	return none
}

// cannotStart reports whether no process or thread could be started.
func cannotStart(b []byte) bool {
	for _, w := range [...]string{
		"can't start new thread",                                // Python
		"unable to create native thread",                        // Java since 9
		"unable to create new native thread",                    // Java
		"can't create Thread: Resource temporarily unavailable", // Ruby
		"newosproc", // Go
		"fork: Resource temporarily unavailable",
		"BlockingIOError: [Errno 11] Resource temporarily unavailable", // Python's fork
		"spawn EAGAIN", // Node
	} {
		if line.Contains(b, w) {
			return true
		}
	}
	return line.Contains(b, "spawn ") && line.Ends(b, " EAGAIN")
}

// thrown looks for exceptions and their like. A trace's inner lines are none.
func thrown(b []byte) sign {
	switch {
	case line.Has(b, "Traceback (most recent call last):"):
		return traceback
	case line.Contains(b, "PHP Fatal error: "), line.Contains(b, "PHP Parse error: "), line.Has(b, "Fatal error: "):
		return fatal
	case line.Has(b, "panic: "), line.Has(b, "fatal error: "), line.Has(b, "thread '") && line.Contains(b, "' panicked at "):
		return panicked
	case line.Has(b, "Exception in thread \""), line.Contains(b, "Servlet.service() for servlet"):
		return exception
	}
	return named(b)
}

// named recognises a line that begins with the name of an exception: Python's
// "django.core.exceptions.FieldError: …", JavaScript's "TypeError: …", Java's
// "java.lang.NullPointerException: …".
func named(b []byte) sign {
	n := 0
	for n < len(b) && (b[n] == '.' || b[n] == '_' || b[n]-'0' <= 9 || b[n]|0x20 >= 'a' && b[n]|0x20 <= 'z') {
		n++
	}
	if n == 0 || n == len(b) || b[n] != ':' {
		return none
	}
	name := b[:n]
	if line.Is(name, "Error") || len(name) > 5 && (line.Ends(name, "Error") || line.Ends(name, "Exception")) {
		return exception
	}
	return none
}
