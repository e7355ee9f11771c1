// Command gatebench holds goodgate's gateway against nginx, HAProxy and Caddy, in
// one run on one machine: how many requests fail while servers do, how long the
// longest takes, what a request costs. scripts/bench-gateway runs it.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "backend" {
		backendMain(os.Args[2:])
		return
	}
	what := flag.String("what", "faults,cost", "faults, cost, soak, or several of them")
	peers := flag.String("peers", "goodgate,nginx,haproxy,haproxy-replay,caddy", "who is measured")
	only := flag.String("only", "", "one fault, or one kind of request")
	rate := flag.Int("rate", 500, "requests per second while a fault lasts")
	span := flag.Duration("span", 5*time.Second, "for each fault")
	work := flag.Duration("work", 4*time.Second, "for each cost")
	program := flag.String("goodgate", "bin/goodgate", "the program")
	times := flag.Int("times", 1, "how often each fault happens, each time to processes of its own; rounds of each cost")
	flag.Parse()
	b := &bench{peers: strings.Split(*peers, ","), rate: *rate, span: *span, work: *work, goodgate: *program, only: *only, times: *times}
	var err error
	if b.dir, err = os.MkdirTemp("", "gatebench"); err == nil {
		defer os.RemoveAll(b.dir)
		if strings.Contains(*what, "faults") {
			err = b.faults()
		}
		if err == nil && strings.Contains(*what, "cost") {
			err = b.costs()
		}
		if err == nil && strings.Contains(*what, "soak") {
			err = b.soak()
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gatebench:", err)
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	dir, goodgate, only string
	admin               string // of the goodgate that was started last
	peers               []string
	rate                int
	span, work          time.Duration
	times               int
}
