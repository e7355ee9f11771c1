package evidence

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// plant is a place where a secret can stand, with the characters that would end
// it there.
type plant struct {
	how  string // which method: "line", "text", "url", "conf", "arg"
	text string // SECRET stands for the secret
	ends string
}

var plants = []plant{
	{"text", `DB_PASSWORD=SECRET`, `&"'`},
	{"text", `DB_PASSWORD="SECRET"`, `"\`},
	{"text", `{"password":"SECRET","user":"bob"}`, `"\`},
	{"text", `{'api_key': 'SECRET'}`, `'\`},
	{"text", `Authorization: Bearer SECRET`, `"'`},
	{"text", `Authorization: Basic SECRET`, `"'`},
	{"text", `Cookie: sid=SECRET; theme=SECRET`, `"'`},
	{"text", `x-api-key: SECRET`, `&"'`},
	{"text", `cannot connect to postgres://app:SECRET@10.0.0.9:5432/db`, `"'<>\:@?#` + "`"},
	{"text", `see https://example.com/a?code=SECRET&state=SECRET`, `&"'<>\` + "`"},
	{"line", `2026/11/20 06:28:23 [error] 1#1: *1 upstream timed out, client: 127.0.0.1, request: "GET /a?code=SECRET HTTP/1.1", upstream: "http://10.0.0.5:3000/a?code=SECRET", host: "a"`, `&"<>\` + "`"},
	{"line", `127.0.0.1 - - [20/Nov/2026:06:28:23 +0000] "GET /a?code=SECRET HTTP/1.1" 502 1 "https://a/?q=SECRET" "curl"`, `&"<>\` + "`"},
	{"line", `127.0.0.1 - SECRET [20/Nov/2026:06:28:23 +0000] "GET /a HTTP/1.1" 502 1 "-" "curl"`, `"[]`},
	{"url", `https://bob:SECRET@example.com/`, `/?#@:`},
	{"url", `/a?code=SECRET&x=1`, `&`},
	{"conf", `proxy_set_header Authorization "Basic SECRET";`, `"\$:,`},
	{"conf", `proxy_set_header X-Api-Key SECRET;`, `"';{}\$:,#`},
	{"conf", `fastcgi_param DB_PASSWORD 'SECRET';`, `'\$:,`},
	{"conf", `if ($arg_token = "SECRET") { return 204; }`, `"\$:,`},
	{"conf", "password: SECRET\n", `"'$:,&#`},
	{"conf", "DB_PASSWORD=SECRET\n", `"'$:,&`},
	{"arg", `--password=SECRET`, ``},
	{"arg", `DB_PASSWORD=SECRET`, ``},
	{"arg", `--db=mysql://u:SECRET@h/x`, `"'<>\:@?#/;,` + "`"},
}

// TestNoPlantedSecretIsLeft plants secrets of many shapes in many places.
func TestNoPlantedSecretIsLeft(t *testing.T) {
	r := redactor()
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(plants).Draw(t, "plant")
		var alphabet []rune
		for c := '!'; c <= '~'; c++ {
			if !strings.ContainsRune(p.ends, c) {
				alphabet = append(alphabet, c)
			}
		}
		// The letters at both ends make sure that what is found is the secret and
		// not a part of the text around it.
		inner := rapid.StringOfN(rapid.RuneFrom(alphabet), 4, 24, -1).Draw(t, "secret")
		secret := "Zq" + inner + "7Qz"
		text := strings.ReplaceAll(p.text, "SECRET", secret)
		var got string
		switch p.how {
		case "text":
			got = r.Text(text)
		case "line":
			got = r.Line(text)
		case "url":
			got = r.URL(text)
		case "conf":
			got = string(r.Config([]byte(text)))
		case "arg":
			got = r.Args([]string{"app", text})[1]
		}
		if strings.Contains(got, "Zq") || strings.Contains(got, "7Qz") {
			t.Fatalf("%s: %q became %q", p.how, text, got)
		}
	})
}
