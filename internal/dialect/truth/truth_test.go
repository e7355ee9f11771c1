package truth

import "testing"

func TestLogic(t *testing.T) {
	for _, v := range []Value{No, Unknown, Yes} {
		if v.Not().Not() != v || min(v, v.Not()) > Unknown || max(v, v.Not()) < Unknown {
			t.Errorf("%d and its opposite are %d", v, v.Not())
		}
		if min(v, Yes) != v || max(v, No) != v || min(v, No) != No || max(v, Yes) != Yes {
			t.Errorf("%d is changed by what says nothing", v)
		}
	}
	if Of(true) != Yes || Of(false) != No || *new(Value) != Unknown {
		t.Error("a value is not what it is called")
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		fold          bool
		want          Value
	}{
		{`^/api(?!/v1)`, "/api/v2", false, Yes}, {`^/api(?!/v1)`, "/api/v1", false, No}, {`^SHOP\.`, "shop.test", true, Yes}, {`(`, "(", false, Unknown},
	} {
		if got := Match(c.pattern, c.text, c.fold); got != c.want {
			t.Errorf("%q matches %q: %d, not %d", c.pattern, c.text, got, c.want)
		}
	}
}
