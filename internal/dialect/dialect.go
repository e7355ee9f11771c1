// Package dialect is the contract of the products that goodgate knows. A product
// is one folder below this one with one exported value, Dialect: it recognises
// the product's processes, reads its configuration and its log lines, spells
// its knobs. A member does no I/O: what it needs is handed to it as bytes.
package dialect

import (
	"time"

	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is everything that goodgate knows about one product. Fields that make
// no sense for the product are nil.
type Dialect struct {
	Name string // the product's own name in lower case: "nginx"
	Doc  string // one sentence: what it is and what is known about it

	// Application marks what stands at the end of a path: an application server
	// or runtime. It is evidence, and never taken for a gateway.
	Application bool

	// Repeats marks a gateway that repeats a request by itself, without a line in its
	// log, where a connection that was used before breaks without an answer.
	Repeats bool

	// Recognise reports whether p is the product's main process, and how it was
	// started. Workers are found as its children.
	Recognise func(p Process) (Launch, bool)

	// Config reads the configuration that a launch names. It never fails: what
	// is wrong stands in Conf.Instance.Problems.
	Config func(src Source, l Launch) *Conf

	// VersionMarks are texts of which one stands in the product's program file
	// right before the version: "nginx version: nginx/".
	VersionMarks []string

	// Logs are the product's logs in their default formats.
	Logs []Log

	// Format returns the log that a format string describes (log_format,
	// LogFormat). Nil for products whose formats cannot be changed.
	Format func(format string) (Log, error)

	// Telling says how the product is made to log how each request ended, where its
	// default does not. Empty: by a format that has the status.
	Telling string

	// Knobs spells knobs in the product's own words, per protocol spoken
	// upstream where that matters.
	Knobs map[vocab.Knob]string

	// ConfigTest and Reload return the commands that test the configuration on
	// disk and that make the running gateway load it.
	ConfigTest func(l Launch) []string
	Reload     func(l Launch) []string

	// Spell writes the line that sets a directive, in the product's own syntax.
	// Nil: the two words.
	Spell func(directive, value string) string

	// Dials writes the address of a server, "127.0.0.1:3000" or "unix:/run/app.sock",
	// as a configuration has it. Nil: without "unix:".
	Dials func(address string) string

	// Worker says whether a child of a main process takes requests, and whether
	// it only ends those it has. A product has it whose workers look like its
	// main process: then one that Recognise takes for a main process is a
	// worker where its parent is one. Nil: every child takes requests, or those
	// whose title says so.
	Worker func(main, child Process) (takes, draining bool)

	// Words are the product's own terms for failures, for explain.
	Words []Word
}

// Process is a process as /proc shows it.
type Process struct {
	PID     int
	PPID    int
	Exe     string   // target of /proc/PID/exe; empty where it may not be read
	Comm    string   // /proc/PID/comm
	Args    []string // /proc/PID/cmdline; a title set by the process stands in Args[0]
	Cwd     string   // empty where it may not be read
	Started time.Time
	UID     int
}

// Launch says how a product was started. Paths are as the process sees them.
type Launch struct {
	Product string
	Version string
	PID     int
	Exe     string   // the program to call for ConfigTest and Reload
	Config  string   // absolute path of the main configuration file
	Prefix  string   // directory to which relative paths in the configuration refer
	Globals string   // directives given on the command line (nginx -g)
	More    []string // further configuration files, read after Config, absolute
}

// Source reads files as the product's process sees them.
type Source interface {
	// ReadFile returns the whole file, bounded; an error says why not.
	ReadFile(path string) ([]byte, error)
	// Glob returns the paths that match a pattern of glob(7), sorted.
	Glob(pattern string) ([]string, error)
}

// Conf is a configuration that was read.
type Conf struct {
	Instance topo.Instance
	// Resolve says how the configuration treats a request. It is pure.
	Resolve func(topo.Request) topo.Decision
	// Questions are what to ask the running instance, where the configuration
	// says how it can be asked.
	Questions []Question
	// Told marks a configuration that the running instance itself told: it is
	// what runs, whatever the files say.
	Told bool
	// Disk says how the configuration on disk would treat a request, where Told
	// and it could be read: where that differs from Resolve, it was not applied.
	// It is pure.
	Disk func(topo.Request) topo.Decision
	// Watches marks a product that loads changed files by itself, all but the main
	// one: that they are newer than its workers says nothing.
	Watches bool
	// InPlace marks a product that loads a changed configuration without a new
	// process: neither that its files are newer than its processes nor what stands
	// in its log from before says whether it did.
	InPlace bool
	// Differs is what the running instance told otherwise than the files say it.
	Differs []string
	// Loaded says that the running instance confirms that it uses these files as
	// they are, whatever their times say.
	Loaded bool
	// Refine says what a line means in view of the configuration, where the product
	// writes the same for several things: key is what the line alone says, header
	// and whole are the seconds until the upstream's header and until the end, as
	// in Record, in is what is in force for the request. Nil: the line says it
	// all. It is pure.
	Refine func(key Key, header, whole float64, in topo.Settings) Key
	// Prints are the logs that the product keeps in memory and a program beside it
	// prints, each a topo.Log of the instance.
	Prints []Print
}

// Print says how to read a log that is kept in memory. It changes nothing, and
// what it costs is bounded by whoever runs it.
type Print struct {
	Path    string   // topo.Log.Path, "memory:…"
	Command []string // prints what is there and ends; the program is an absolute path
	Allow   string   // what a person would do where it may not be run
	// Lines makes of what was printed the lines that the dialect's Log reads.
	Lines func(printed []byte) []byte
}

// Word is a product's own term.
type Word struct {
	Text    string // "UC", "SH", "AH01114"
	Cond    Condition
	Explain string // one sentence
}
