package gateway

import (
	"math"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/goodgatehq/goodgate/internal/gateway/upstream"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Collector returns the gateway's metrics. Labels have few values: upstreams by
// name, never by address.
func (g *Gateway) Collector() prometheus.Collector { return collector{g} }

type collector struct{ g *Gateway }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("goodgate_gateway_"+name, help, labels, nil)
}

// descs are built once per scrape: a scrape is rare, and so nothing is kept.
type descs struct {
	requests, failures, attempts, duration, received, sent, masked, held, retries, noBudget, hedges, hedgesWon, full, waiting, active, tunnels,
	servers, inflight, idle, ejections, hangs, stale, connects, wanted, saturation, lost *prometheus.Desc
}

func describe() descs {
	return descs{
		requests:   desc("requests_total", "Requests by class of the status that the client got; 0xx: none.", "upstream", "class"),
		failures:   desc("failures_total", "Requests that failed, by RFC 9209 type.", "upstream", "symptom"),
		attempts:   desc("attempt_failures_total", "Attempts that failed, whether or not the client saw it.", "upstream", "symptom"),
		duration:   desc("request_duration_seconds", "Time from a request to the end of its answer.", "upstream"),
		received:   desc("received_bytes_total", "Bytes of request bodies.", "upstream"),
		sent:       desc("sent_bytes_total", "Bytes of response bodies.", "upstream"),
		masked:     desc("masked_failures_total", "Failed attempts that no client saw.", "upstream"),
		held:       desc("held_seconds_total", "Time for which requests waited because no server could be asked.", "upstream"),
		retries:    desc("retries_total", "Attempts after a failed one of which a server may have seen something.", "upstream"),
		noBudget:   desc("retries_refused_total", "Retries that the budget did not allow.", "upstream"),
		hedges:     desc("hedges_total", "Second attempts while the first hung.", "upstream"),
		hedgesWon:  desc("hedges_won_total", "Second attempts that answered first.", "upstream"),
		full:       desc("queue_full_total", "Requests refused because too many waited.", "upstream"),
		waiting:    desc("waiting_requests", "Requests that wait for a server.", "upstream"),
		active:     desc("active_requests", "Requests under way."),
		tunnels:    desc("tunnels", "Upgraded connections."),
		servers:    desc("servers", "Servers by condition.", "upstream", "condition"),
		inflight:   desc("upstream_active_requests", "Requests at servers.", "upstream"),
		idle:       desc("upstream_idle_connections", "Idle connections to servers.", "upstream"),
		ejections:  desc("ejections_total", "Servers taken out for their failures.", "upstream"),
		hangs:      desc("hangs_total", "Servers that seemed to hang.", "upstream"),
		stale:      desc("stale_connections_total", "Connections found closed when they were wanted.", "upstream"),
		connects:   desc("upstream_connects_total", "Connections opened to servers.", "upstream"),
		wanted:     desc("servers_wanted", "Servers that would bring the load to 60 percent of what they carry.", "upstream"),
		saturation: desc("saturation_ratio", "Load over capacity of the servers that can be asked; above 1 requests wait.", "upstream"),
		lost:       desc("log_lines_lost_total", "Lines of the access log that could not be written."),
	}
}

// Describe sends nothing: the set depends on the configuration in force.
func (c collector) Describe(chan<- *prometheus.Desc) {}

// Collect sends what was counted.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	d := describe()
	gauge := func(desc *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v, labels...)
	}
	count := func(desc *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, v, labels...)
	}
	gauge(d.active, float64(c.g.meter.active.Load()))
	gauge(d.tunnels, float64(c.g.meter.tunnels.Load()))
	s := c.g.Status()
	count(d.lost, float64(s.LogLost))
	c.g.meter.other.collect(ch, d, "none")
	for _, p := range c.g.pools() {
		p.meter.collect(ch, d, p.name)
		t := &p.Totals
		count(d.retries, float64(t.Retries.Load()), p.name)
		count(d.noBudget, float64(t.NoBudget.Load()), p.name)
		count(d.hedges, float64(t.Hedges.Load()), p.name)
		count(d.hedgesWon, float64(t.HedgesWon.Load()), p.name)
		count(d.full, float64(t.QueueFull.Load()), p.name)
		gauge(d.waiting, float64(p.Waiting()), p.name)
		p.collectServers(d, gauge, count)
	}
}

func (p *pool) collectServers(d descs, gauge, count func(*prometheus.Desc, float64, ...string)) {
	conditions := map[string]int{"up": 0}
	var active, idle, up int // up: without those that are asked only where no other can be
	for _, e := range p.Endpoints() {
		s := e.Status()
		conditions[s.Condition]++
		if s.Condition == "up" && !s.Backup {
			up++
		}
		active, idle = active+s.Active, idle+s.Idle
	}
	for name, n := range conditions {
		gauge(d.servers, float64(n), p.name, name)
	}
	gauge(d.inflight, float64(active), p.name)
	gauge(d.idle, float64(idle), p.name)
	sum := func(desc *prometheus.Desc, what func(*upstream.Counts) *atomic.Int64) {
		count(desc, float64(p.Sum(what)), p.name)
	}
	sum(d.ejections, func(c *upstream.Counts) *atomic.Int64 { return &c.Ejections })
	sum(d.hangs, func(c *upstream.Counts) *atomic.Int64 { return &c.Hangs })
	sum(d.stale, func(c *upstream.Counts) *atomic.Int64 { return &c.Stale })
	sum(d.connects, func(c *upstream.Counts) *atomic.Int64 { return &c.Connects })
	if up == 0 {
		up = conditions["up"]
	}
	sat, want := p.scale(active, up)
	gauge(d.saturation, sat, p.name)
	gauge(d.wanted, want, p.name)
}

// target is the share of their capacity to which servers are loaded when there are
// enough of them.
const target = 0.6

// scale says how loaded the servers are that can be asked, and how many would be
// right. What one server carries is max_requests; without it nobody has said what
// is enough, and only requests that wait ask for more.
func (p *pool) scale(active, up int) (saturation, wanted float64) {
	load := float64(active + p.Waiting())
	each := float64(p.Settings.MaxRequests)
	if each == 0 {
		if up == 0 {
			return math.Min(load, 1), math.Max(1, float64(len(p.Endpoints())))
		}
		return float64(p.Waiting()) / math.Max(load, 1), float64(up)
	}
	if up > 0 {
		saturation = load / (each * float64(up))
	} else if load > 0 {
		saturation = math.Inf(1)
	}
	return saturation, math.Max(1, math.Ceil(load/(each*target)))
}

func (t *poolMeter) collect(ch chan<- prometheus.Metric, d descs, name string) {
	total := int64(0)
	for i := range t.classes {
		n := t.classes[i].Load()
		total += n
		ch <- prometheus.MustNewConstMetric(d.requests, prometheus.CounterValue, float64(n), name, string(rune('0'+i))+"xx")
	}
	buckets := map[float64]uint64{}
	seen := uint64(0)
	for i, b := range bounds {
		seen += uint64(t.buckets[i].Load())
		buckets[b] = seen
	}
	seen += uint64(t.buckets[len(bounds)].Load())
	ch <- prometheus.MustNewConstHistogram(d.duration, seen, float64(t.sum.Load())/1e9, buckets, name)
	for desc, v := range map[*prometheus.Desc]int64{d.received: t.received.Load(), d.sent: t.sent.Load(), d.masked: t.masked.Load()} {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(v), name)
	}
	ch <- prometheus.MustNewConstMetric(d.held, prometheus.CounterValue, float64(t.held.Load())/1e9, name)
	t.mu.Lock()
	defer t.mu.Unlock()
	symptoms := func(desc *prometheus.Desc, m map[vocab.Symptom]int64) {
		for s, n := range m {
			ch <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), name, string(s))
		}
	}
	symptoms(d.failures, t.failures)
	symptoms(d.attempts, t.attempts)
}
