package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// load asks at a constant rate, however slow the answers are. With a pause it asks
// in bursts of as many requests, and then nothing for so long.
func (t *tally) load(address string, rate int, span, pause time.Duration) {
	tr := &http.Transport{MaxIdleConnsPerHost: 1000, DisableCompression: true, DialContext: (&net.Dialer{Timeout: 20 * time.Second}).DialContext}
	defer tr.CloseIdleConnections()
	client := &http.Client{Transport: tr, Timeout: 20 * time.Second}
	var wg sync.WaitGroup
	begun := time.Now()
	t.round++
	for n := 0; ; n++ {
		at := begun.Add(time.Duration(n) * time.Second / time.Duration(rate))
		if pause > 0 { // bursts of 20, and then idleness around the server's limit
			burst := n / 20
			at = begun.Add(time.Duration(burst) * (pause + time.Duration(burst%21-10)*time.Millisecond))
		}
		if at.Sub(begun) >= span {
			break
		}
		time.Sleep(time.Until(at))
		wg.Go(func() { t.ask(client, address, n) })
	}
	wg.Wait()
}

func (t *tally) ask(client *http.Client, address string, n int) {
	method, body := "GET", io.Reader(nil)
	if uint32(n)*2654435769>>31 == 1 { // half of them, in no step with any round robin
		method, body = "POST", strings.NewReader("0123456789")
	}
	r, _ := http.NewRequestWithContext(context.Background(), method, "http://"+address+"/1024", body)
	r.Header.Set("X-Id", fmt.Sprintf("%d.%d", t.round, n))
	begun := time.Now()
	resp, err := client.Do(r)
	why := ""
	if err == nil {
		got, rerr := io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 200 || rerr != nil || got != 1024 {
			why = fmt.Sprint(resp.StatusCode)
			if s := resp.Header.Get("Proxy-Status"); s != "" {
				_, s, _ = strings.Cut(s, "error=")
				s, _, _ = strings.Cut(s, ";")
				why += " " + s
			}
		}
	} else {
		why = "broken"
	}
	took := time.Since(begun)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked[method]++
	t.longest[method] = max(t.longest[method], took)
	if why != "" {
		t.failed[method]++
		t.reasons[method+" "+why]++
	}
}

// count adds what the servers carried out.
func (t *tally) count(list []*server) {
	posts := map[string]int{}
	for _, s := range list {
		f, err := os.Open(s.record)
		if err != nil {
			continue
		}
		for in := bufio.NewScanner(f); in.Scan(); {
			t.requests++
			if id, ok := strings.CutPrefix(in.Text(), "POST "); ok {
				posts[id]++
			}
		}
		f.Close()
	}
	for _, n := range posts {
		if n > 1 {
			t.twice++
		}
	}
}

func (t *tally) print(fault, name string) {
	asked := t.asked["GET"] + t.asked["POST"]
	fmt.Printf("| %s | %s | %d of %d | %.2f s | %d of %d | %.2f s | %.3f | %d | %s |\n", fault, name, t.failed["GET"], t.asked["GET"], t.longest["GET"].Seconds(),
		t.failed["POST"], t.asked["POST"], t.longest["POST"].Seconds(), float64(t.requests)/float64(max(asked, 1)), t.twice, reasons(t.reasons))
}

func reasons(m map[string]int) string {
	var out []string
	for k, n := range m {
		out = append(out, fmt.Sprintf("%s × %d", k, n))
	}
	return strings.Join(out, ", ")
}
