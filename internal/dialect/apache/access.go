package apache

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/answer"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/dialect/clf"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/dialect/template"
)

const (
	combinedFormat = `%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i"`
	commonFormat   = `%h %l %u %t "%r" %>s %b`
	tellFormat     = `LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\" %D %{BALANCER_WORKER_NAME}e" goodgate`
)

var accessTable = applog.NewTable()

var makers = answer.Add(accessTable, "httpd modules/loggers/mod_log_config.c", "Compare with the error log at the same time.")

var (
	combined  = withAccess(mustFormat("apache access", combinedFormat, 50))
	commonLog = mustFormat("apache access common", commonFormat, 50)
)

func withAccess(l dialect.Log) dialect.Log {
	l.Access = clf.Combined
	return l
}

// Format returns the access log that a LogFormat describes.
func Format(format string) (dialect.Log, error) { return compile("apache access", format, 75) }

func mustFormat(name, format string, sure int) dialect.Log {
	l, err := compile(name, format, sure)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return l
}

func compile(name, format string, sure int) (dialect.Log, error) {
	parts, err := parse(strings.ReplaceAll(format, `\"`, `"`))
	if err != nil {
		return dialect.Log{}, err
	}
	t, err := template.Compile(parts, template.Options{Escaped: true})
	if err != nil {
		return dialect.Log{}, fmt.Errorf("cannot read LogFormat %q: %w", format, err)
	}
	read := func(b []byte, r *dialect.Record) dialect.Key {
		var x template.Extra
		if !t.Match(b, r, &x) {
			return dialect.Unparsed
		}
		if r.Status >= 500 && r.Status < 600 {
			return makers.Of(r.Status, answer.Unknown)
		}
		return dialect.Plain
	}
	sites := slices.ContainsFunc(parts, func(p template.Part) bool { return p.Field == template.Server || p.Field == template.Host })
	return dialect.Log{
		Name: name, Kind: "access", Sites: sites, Line: read, Time: line.Time, Conds: accessTable.Conds(), Tell: tellFormat,
		Sniff: dialect.Share(sure, read),
	}, nil
}

// parse reads the directives of a LogFormat (mod_log_config): %h, %>s,
// %{Referer}i, %!200,304{x}i, %{%d/%b/%Y}t.
func parse(format string) ([]template.Part, error) {
	var parts []template.Part
	for format != "" {
		i := strings.IndexByte(format, '%')
		if i < 0 {
			i = len(format)
		}
		if i > 0 {
			parts = append(parts, template.Part{Text: format[:i]})
			format = format[i:]
			continue
		}
		name, argument, rest, ok := directive(format[1:])
		if !ok {
			return nil, fmt.Errorf("cannot read LogFormat %q: a %% without a directive", format)
		}
		format = rest
		parts = append(parts, part(name, argument)...)
	}
	return parts, nil
}

func directive(s string) (name, argument, rest string, ok bool) {
	s = strings.TrimLeft(s, "<>!,0123456789")
	if strings.HasPrefix(s, "{") {
		argument, s, ok = strings.Cut(s[1:], "}")
		if !ok {
			return "", "", "", false
		}
	}
	if strings.HasPrefix(s, "^t") && len(s) > 2 {
		return s[:3], argument, s[3:], true
	}
	if s == "" {
		return "", "", "", false
	}
	return s[:1], argument, s[1:], true
}

// part says what a directive writes.
func part(name, argument string) []template.Part {
	one := func(f template.Field, rank int) []template.Part { return []template.Part{{Field: f, Rank: rank}} }
	switch name {
	case "%":
		return []template.Part{{Text: "%"}}
	case "h":
		return one(template.Client, 1)
	case "a":
		return one(template.Client, 2)
	case "t":
		switch argument {
		case "":
			return []template.Part{{Text: "["}, {Field: template.TimeCLF}, {Text: "]"}}
		case "sec", "begin:sec":
			return one(template.Time, 1)
		}
		return one(template.Ignore, 0)
	case "r":
		return one(template.Request, 0)
	case "m":
		return one(template.Method, 0)
	case "U":
		return one(template.Target, 0)
	case "s":
		return one(template.Status, 0)
	case "b", "B", "O":
		return one(template.Bytes, len(name))
	case "D":
		return one(template.Micros, 0)
	case "T":
		return duration(argument)
	case "v":
		return one(template.Server, 1)
	case "V":
		return one(template.Host, 0)
	case "P":
		return one(template.PID, 0)
	case "L":
		return one(template.Ignore, 0)
	case "i":
		return headerPart(argument)
	}
	return one(template.Ignore, 0)
}

func duration(argument string) []template.Part {
	switch argument {
	case "ms":
		return []template.Part{{Field: template.Millis}}
	case "us":
		return []template.Part{{Field: template.Micros}}
	}
	return []template.Part{{Field: template.Seconds}}
}

func headerPart(name string) []template.Part {
	switch strings.ToLower(name) {
	case "referer":
		return []template.Part{{Field: template.Referrer}}
	case "user-agent":
		return []template.Part{{Field: template.UserAgent}}
	case "x-request-id":
		return []template.Part{{Field: template.RequestID}}
	case "host":
		return []template.Part{{Field: template.Host, Rank: 1}}
	}
	return []template.Part{{Field: template.Ignore}}
}
