package probe

import (
	"bytes"
	"context"

	"github.com/goodgatehq/goodgate/internal/wire/fastcgi"
)

// FastCGIAbility is the answer to FCGI_GET_VALUES.
type FastCGIAbility struct {
	Connection Connection        `json:"connection"`
	Speaks     bool              `json:"speaks"`           // it answered with a FastCGI record
	Values     map[string]string `json:"values,omitempty"` // "FCGI_MPXS_CONNS": "0"
	Looks      string            `json:"looks,omitempty"`  // what the answer looks like; empty: nothing came
	First      []byte            `json:"first,omitempty"`  // where it is no FastCGI
	End        End               `json:"end"`
	Text       string            `json:"text,omitempty"`
	Seconds    float64           `json:"seconds"`
}

// FastCGIValues asks for the management values, which applications answer without
// running a script: a cheap test whether FastCGI is spoken at all. It occupies a
// php-fpm worker for the moment of the answer.
func FastCGIValues(ctx context.Context, d Dialer, network, address string, limits Limits) FastCGIAbility {
	var x Exchange
	t := converse(ctx, d, Target{Network: network, Address: address}, limits, &x)
	if t == nil {
		return FastCGIAbility{Connection: x.Connection, End: x.End, Text: x.Text, Seconds: x.Seconds}
	}
	var names []byte
	for _, name := range []string{"FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS"} {
		names = fastcgi.AppendParam(names, name, "")
	}
	t.send(fastcgi.AppendRecord(nil, fastcgi.GetValues, 0, names))
	a := FastCGIAbility{Connection: x.Connection}
	a.read(t)
	t.close()
	a.End, a.Text, a.Seconds = x.End, x.Text, x.Seconds
	return a
}

// read takes the first record of the answer.
func (a *FastCGIAbility) read(t *talk) {
	for got := []byte(nil); ; {
		b, ok := t.read()
		if !ok {
			break
		}
		got = append(got, b...)
		rec, _, err := fastcgi.Parse(got)
		if err == fastcgi.ErrShort {
			if len(got) > maxHead {
				t.x.End = EndBound
				break
			}
			continue
		}
		if a.Speaks = err == nil && isFastCGI(got); !a.Speaks {
			t.notHTTP(got)
			break
		}
		t.x.End = EndComplete
		a.values(rec)
		break
	}
	a.Looks = looksLike(t.first)
	if !a.Speaks {
		a.First = bytes.Clone(t.first)
	}
}

func (a *FastCGIAbility) values(rec fastcgi.Record) {
	if rec.Type != fastcgi.GetValuesResult {
		return
	}
	a.Values = map[string]string{}
	fastcgi.ParseParams(rec.Content, func(name, value []byte) bool {
		a.Values[cut(string(name), 100)] = cut(string(value), 100)
		return len(a.Values) < 20
	})
}
