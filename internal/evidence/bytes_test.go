package evidence

import (
	"bytes"
	"encoding/json"
	"testing"
)

func FuzzBytes(f *testing.F) {
	for _, s := range []string{"", "a", "a\nb\n", "\n", "\r\n\x00", "\xff\xfe", "-- x --\n", "\u2028\ufffd"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		doc, err := json.Marshal(struct{ B Bytes }{b})
		if err != nil {
			t.Fatal(err)
		}
		var back struct{ B Bytes }
		if err := json.Unmarshal(doc, &back); err != nil {
			t.Fatalf("%v\n%s", err, doc)
		}
		if !bytes.Equal(back.B, b) {
			t.Fatalf("%q became %q by way of %s", b, back.B, doc)
		}
	})
}
