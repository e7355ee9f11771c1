package doctor

import (
	"io"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// Options say what one examination may do. The command line (internal/cli) fills
// them; Diagnose reads them.
type Options struct {
	Target   string            // the URL, as the operator wrote it
	Since    time.Time         // the window's begin; zero: the doctor's default
	Until    time.Time         // the window's end; zero: now
	Quick    bool              // only what answers within half a second
	Deep     bool              // also what may occupy a worker of the upstream once
	LogOnly  bool              // nothing is sent to the network
	Plan     bool              // say what would be looked at and sent, and do nothing
	Timeout  time.Duration     // bound of the whole examination; 0: the mode's default
	Config   string            // main configuration file of the gateway; empty: found by survey
	Logs     []string          // logs to read beside, or instead of, those of the configuration
	Version  string            // goodgate's own version, for the User-Agent and the case
	Dialects []dialect.Dialect // the products that are known

	// ConfigTest allows the product's own configuration test, which may write
	// (nginx -t makes logs, a pid file and directories).
	ConfigTest bool

	// Progress is told what is being looked at, in a short phrase. Nil: nobody
	// listens. It may be called from several goroutines.
	Progress func(what string)
}

// ExplainOptions say what is to be explained.
type ExplainOptions struct {
	Words []string  // a cause id, symptom, status, flag or message; joined by spaces where they form one
	Input io.Reader // log lines; nil: Words only

	// ConfigText is a configuration, or a piece of one, that the lines belong
	// to; nil: none.
	ConfigText []byte

	Product  string            // the product that wrote the lines; empty: recognised
	Dialects []dialect.Dialect // the products that are known
}
