package lab

import (
	"net/http"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// surgeFaults are those that clients make by their number.
func surgeFaults() []Fault {
	scene := func(usual int) start {
		return func(b *Bench) (Scene, error) {
			name := b.Name()
			address := b.socket(name)
			app := b.PHP(name, address, "pm = ondemand\npm.max_children = 1\n", map[string]string{"index.php": "usleep(300000);\necho 'ok';"})
			s := b.phpSite(name, address, "index.php", "fastcgi_read_timeout 1s;").timed(b)
			n := b.Gateway(s)
			n.busy(30*time.Hour, 11*time.Minute, usual, app.Addr)
			n.busy(5*time.Minute, 70*time.Second, 180, app.Addr)
			n.Run()
			for range 14 {
				b.poll(n.hosts, n.url(), 10*time.Millisecond)
			}
			b.pause(2500 * time.Millisecond) // the queue has to grow
			n.unlucky(2)
			return n.Quiet("fourteen clients at once, where there was one")
		}
	}
	return []Fault{
		{
			Name: "surge-php", Doc: "ten times as many requests as ever before meet php-fpm's only child: they wait longer than the gateway does", Cause: vocab.TrafficSurge, Symptom: vocab.ConnectionReadTimeout, Status: 504,
			Also: []vocab.Cause{vocab.WorkersExhausted}, Needs: []string{"nginx", "php-fpm"}, Intermittent: true, OrStatus: []int{200}, Start: scene(18),
		},
		{
			Name: "surge-none", Doc: "the same queue at php-fpm's only child, with no more requests than every day", Cause: vocab.WorkersExhausted, Symptom: vocab.ConnectionReadTimeout, Status: 504,
			Needs: []string{"nginx", "php-fpm"}, Intermittent: true, OrStatus: []int{200}, Start: scene(170),
		},
	}
}

// busy gives the target's past some requests a minute, from one age to another,
// every other minute where that would be many lines.
func (n *Nginx) busy(from, to time.Duration, aMinute int, upstream string) {
	step := time.Minute
	if from > 2*time.Hour {
		step = 20 * time.Minute
	}
	now := time.Now()
	var lines strings.Builder
	for age := from; age > to; age -= step {
		for i := range aMinute {
			at := now.Add(-age).Truncate(time.Minute).Add(time.Duration(i) * time.Minute / time.Duration(aMinute))
			lines.WriteString(line(n.target, record{at: at, path: n.target.path, status: http.StatusOK, took: 0.302, upstream: upstream}))
		}
	}
	n.good += lines.String()
}
