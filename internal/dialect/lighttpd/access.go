package lighttpd

import (
	"errors"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/answer"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/dialect/template"
)

var accessTable = applog.NewTable()

var makers = answer.Add(accessTable, "lighttpd1.4 src/mod_accesslog.c", "Compare with the error log at the same time.")

// access is the default format: %h %V %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i",
// in which the host stands where others write the identity.
var access = dialect.Log{
	Name: "lighttpd access", Kind: "access", Sites: true, Line: accessLine, Time: line.Time, Conds: accessTable.Conds(),
	Sniff: func([]byte) int { return 0 }, // nothing tells it from other common logs
}

const defaultFormat = `%h %V %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"`

var errFormat = errors.New("only the default format is known")

// format returns the log of an accesslog.format.
func format(text string) (dialect.Log, error) {
	if strings.EqualFold(text, defaultFormat) {
		return access, nil
	}
	return dialect.Log{}, errFormat
}

var combined = template.Must([]template.Part{
	{Field: template.Client}, {Text: " "}, {Field: template.Host}, {Text: " "}, {Field: template.Ignore}, {Text: " ["}, {Field: template.TimeCLF}, {Text: `] "`},
	{Field: template.Request}, {Text: `" `}, {Field: template.Status}, {Text: " "}, {Field: template.Bytes}, {Text: ` "`},
	{Field: template.Referrer}, {Text: `" "`}, {Field: template.UserAgent}, {Text: `"`},
}, template.Options{Escaped: true})

func accessLine(b []byte, r *dialect.Record) dialect.Key {
	var x template.Extra
	if !combined.Match(b, r, &x) {
		return dialect.Unparsed
	}
	if r.Status >= 500 && r.Status < 600 {
		return makers.Of(r.Status, answer.Unknown)
	}
	return dialect.Plain
}
