package access

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/dialect/template"
)

// members is what the keys of a JSON line mean: nginx's variables and aliases.
var members = func() map[string]meaning {
	m := make(map[string]meaning, len(variables)+len(aliases))
	for name, v := range variables {
		m[name] = v
	}
	for alias, name := range aliases {
		v := variables[name]
		v.rank-- // the variable's own name counts more
		m[alias] = v
	}
	return m
}()

// jsonLine reads a line that is a JSON object, its members in any order, nested
// up to three deep. Strings stay escaped.
func jsonLine(b []byte, r *dialect.Record) dialect.Key {
	r.Reset()
	var x template.Extra
	x.Received, x.Length = -1, -1
	f, ok := line.Object(b)
	if !ok {
		return dialect.Unparsed
	}
	var ranks [template.UpIgnore + 1]int8
	object(f, r, &x, &ranks, 0)
	if r.Status != 9 && (r.Status < 100 || r.Status > 599) {
		return dialect.Unparsed
	}
	// A status alone is no access log: there must be a request or a stamp.
	if r.Request == nil && r.Path == nil && r.Method == nil {
		return dialect.Unparsed
	}
	template.Finish(r, &x)
	return key(r, &x)
}

func object(f line.Fields, r *dialect.Record, x *template.Extra, ranks *[template.UpIgnore + 1]int8, depth int) {
	for f.Next() {
		if f.Kind == '{' && depth < 2 {
			if inner, ok := line.Object(f.Value); ok {
				object(inner, r, x, ranks, depth+1)
			}
			continue
		}
		if f.Kind == '[' || len(f.Key) > 32 {
			continue
		}
		v, ok := member(f.Key)
		if !ok || ranks[v.field] > int8(v.rank)+2 {
			continue
		}
		ranks[v.field] = int8(v.rank) + 2
		switch v.field {
		case template.Status, template.Bytes, template.Seconds, template.PID, template.Conn:
			template.Number(v.field, f.Value, r)
		case template.UpAddr, template.UpStatus, template.UpSeconds, template.UpHeaderSeconds, template.UpReceived, template.UpLength:
			template.Attempts(v.field, f.Value, r, x)
		default:
			template.Text(v.field, f.Value, r)
		}
	}
}

// member finds the meaning of a key.
func member(key []byte) (meaning, bool) {
	var buf [32]byte
	if len(key) > 0 && key[0] == '$' {
		key = key[1:]
	}
	n := copy(buf[:], key)
	for i, c := range buf[:n] {
		switch {
		case c >= 'A' && c <= 'Z':
			buf[i] = c | 0x20
		case c == '-' || c == '.':
			buf[i] = '_'
		}
	}
	v, ok := members[string(buf[:n])]
	return v, ok
}
