// Command envoy stands in for Envoy in a test: it forwards to one address, answers,
// logs and tells about itself as Envoy is recorded to do (the bodies and flags of
// source/common/router and stream_info, the admin interface's own output). It is no
// Envoy, and shows only that goodgate puts what such a one says together.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

type orders struct {
	To, Log string
	Say     string            // "overflow" or "unhealthy": answer so without asking
	Wait    time.Duration     // the route's timeout
	Tell    map[string]string // what the admin interface answers
}

// inherited is a listener that the test has opened.
func inherited(fd uintptr) net.Listener {
	l, err := net.FileListener(os.NewFile(fd, "listener"))
	if err != nil {
		panic(err)
	}
	return l
}

func main() {
	var o orders
	if err := json.Unmarshal([]byte(os.Getenv("STAND_IN")), &o); err != nil {
		panic(err)
	}
	log, err := os.OpenFile(o.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err)
	}
	web, admin := inherited(3), inherited(4)
	go http.Serve(admin, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := o.Tell[r.URL.Path]
		if !ok {
			http.Error(w, "invalid path. admin commands are:", http.StatusNotFound)
			return
		}
		io.WriteString(w, text)
	}))
	http.Serve(web, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		status, flags, text := o.forward(w, r)
		w.Header().Set("server", "envoy")
		host, service := `"`+o.To+`"`, "-"
		switch {
		case flags == "-":
			service = "1"
		case flags == "UH" || flags == "UO":
			host = `"-"`
		}
		if flags != "-" {
			w.Header().Set("content-type", "text/plain")
			w.WriteHeader(status)
			io.WriteString(w, text)
		}
		fmt.Fprintf(log, "[%s] \"%s %s HTTP/1.1\" %d %s 0 %d %d %s \"-\" \"%s\" \"%s\" \"%s\" %s\n", began.UTC().Format("2006-01-02T15:04:05.000Z"), r.Method, r.URL.RequestURI(),
			status, flags, len(text), time.Since(began).Milliseconds(), service, r.UserAgent(), r.Header.Get("X-Request-Id"), r.Host, host)
	}))
}

// forward asks the one server, and says what became of it.
func (o *orders) forward(w http.ResponseWriter, r *http.Request) (status int, flags, text string) {
	const before = "upstream connect error or disconnect/reset before headers. reset reason: "
	switch o.Say {
	case "overflow":
		w.Header().Set("x-envoy-overloaded", "true")
		return 503, "UO", before + "overflow"
	case "unhealthy":
		return 503, "UH", "no healthy upstream"
	}
	client := http.Client{Timeout: o.Wait}
	a, err := client.Get("http://" + o.To + r.URL.RequestURI())
	var late net.Error
	switch {
	case err == nil:
		defer a.Body.Close()
		body, _ := io.ReadAll(a.Body)
		w.WriteHeader(a.StatusCode)
		w.Write(body)
		return a.StatusCode, "-", string(body)
	case errors.Is(err, syscall.ECONNREFUSED):
		return 503, "UF", before + "remote connection failure, transport failure reason: delayed connect error: Connection refused"
	case errors.As(err, &late) && late.Timeout():
		return 504, "UT", "upstream request timeout"
	}
	return 503, "UC", before + "connection termination"
}
