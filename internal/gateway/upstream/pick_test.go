package upstream

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/event"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// spreadOf picks n times and counts.
func spreadOf(t *testing.T, p *Pool, n int, key func(int) string) map[string]int {
	t.Helper()
	got := map[string]int{}
	for i := range n {
		e := p.pick(&Choice{Key: key(i)})
		if e == nil {
			t.Fatal("nobody was picked")
		}
		got[e.Address]++
		e.release()
	}
	return got
}

func pooled(t *testing.T, s Settings, weights ...float64) *Pool {
	var ends []*Endpoint
	for i, w := range weights {
		ends = append(ends, &Endpoint{Network: "tcp", Address: fmt.Sprint(i), Weight: w})
	}
	p := New(s, ends)
	t.Cleanup(p.Close)
	return p
}

func TestPoliciesHeedWeights(t *testing.T) {
	for _, policy := range []Policy{LeastLoad, RoundRobin, Random, Hash} {
		p := pooled(t, Settings{Policy: policy}, 1, 3)
		got := spreadOf(t, p, 8000, func(i int) string { return fmt.Sprint("key", i) })
		if got["1"] < 5600 || got["1"] > 6400 {
			t.Errorf("%s: of 8000 the server of weight 3 got %d, the one of weight 1 %d", policy, got["1"], got["0"])
		}
		p = pooled(t, Settings{Policy: policy}, 1, 1, 8)
		if got := spreadOf(t, p, 8000, func(i int) string { return fmt.Sprint("key", i) }); got["2"] < 6000 || got["2"] > 6800 {
			t.Errorf("%s: of 8000 the server of weight 8 among two of weight 1 got %d", policy, got["2"])
		}
	}
}

func TestLeastLoadAvoidsTheSlowAndTheBusy(t *testing.T) {
	p := pooled(t, Settings{}, 1, 1, 1)
	ends := p.Endpoints()
	now := time.Now()
	for i, d := range []time.Duration{time.Millisecond, 1100 * time.Microsecond, 2 * time.Second} {
		ends[i].answered(d, now)
	}
	got := spreadOf(t, p, 3000, func(int) string { return "" })
	if got["2"] != 0 || got["0"] < 1000 || got["1"] < 1000 {
		t.Errorf("%v: the slow one shall get nothing, the others about as much", got)
	}
	ends[0].load.Add(20)
	if got := spreadOf(t, p, 3000, func(int) string { return "" }); 2*got["1"] < 3*got["0"] {
		t.Errorf("%v: the busy one shall get less", got)
	}
}

func TestHashMovesOnlyTheKeysOfTheOneThatLeft(t *testing.T) {
	p := pooled(t, Settings{Policy: Hash}, 1, 1, 1, 1)
	before := map[int]string{}
	for i := range 1000 {
		e := p.pick(&Choice{Key: fmt.Sprint(i)})
		before[i] = e.Address
		e.release()
	}
	p.Endpoints()[2].Drain(true)
	for i := range 1000 {
		e := p.pick(&Choice{Key: fmt.Sprint(i)})
		if before[i] != "2" && e.Address != before[i] {
			t.Errorf("key %d moved from %s to %s", i, before[i], e.Address)
		}
		e.release()
	}
}

// TestNeverTheLastServers: whatever fails, half of the servers stay in, and when
// all are out for what they did they are asked nevertheless.
func TestNeverTheLastServers(t *testing.T) {
	p := pooled(t, Settings{}, 1, 1, 1, 1)
	for _, e := range p.Endpoints() {
		e.eject("test")
	}
	out := 0
	for _, e := range p.Endpoints() {
		if e.Condition() != 0 {
			out++
		}
	}
	if out != 2 {
		t.Errorf("%d of 4 are out", out)
	}
	for _, e := range p.Endpoints() {
		e.set(Suspect, 0, "test")
	}
	if e := p.pick(&Choice{}); e == nil {
		t.Error("nobody is asked although servers listen")
	}
	for _, e := range p.Endpoints() {
		e.set(Away, 0, "test")
	}
	if e := p.pick(&Choice{}); e != nil {
		t.Error("a server is asked although none listens")
	}
}

func TestBackupsAreTheLast(t *testing.T) {
	p := New(Settings{}, []*Endpoint{{Network: "tcp", Address: "a"}, {Network: "tcp", Address: "b", Backup: true}})
	defer p.Close()
	if got := spreadOf(t, p, 100, func(int) string { return "" }); got["b"] != 0 {
		t.Errorf("%v", got)
	}
	p.Endpoints()[0].Drain(true)
	if got := spreadOf(t, p, 100, func(int) string { return "" }); got["b"] != 100 {
		t.Errorf("%v", got)
	}
}

func TestConcurrencyLimitMakesRequestsWait(t *testing.T) {
	p := pooled(t, Settings{MaxRequests: 2}, 1)
	var list []*Endpoint
	for range 2 {
		e, f := p.Acquire(context.Background(), &Choice{Wait: time.Minute})
		if f != nil {
			t.Fatal(f)
		}
		list = append(list, e)
	}
	got := make(chan *Endpoint)
	go func() {
		e, _ := p.Acquire(context.Background(), &Choice{Wait: time.Minute})
		got <- e
	}()
	for p.Waiting() == 0 {
		time.Sleep(time.Millisecond)
	}
	list[0].Release()
	if e := <-got; e == nil {
		t.Fatal("the place was not given on")
	}
	if _, f := p.Acquire(context.Background(), &Choice{}); f == nil || f.Symptom != "connection_limit_reached" {
		t.Errorf("%v", f)
	}
}

func TestBudget(t *testing.T) {
	var b budget
	b.init(0.1, 5)
	n := 0
	for b.spend() {
		n++
	}
	for range 100 {
		b.request()
	}
	for b.spend() {
		n++
	}
	if n != 15 {
		t.Errorf("%d were allowed, want 5 and one per ten requests", n)
	}
	b.init(-1, 5)
	if b.spend() {
		t.Error("a budget of nothing allowed one")
	}
}

// TestUnrepeatableAvoidsTheShaky: what cannot be made again is not what a server
// that just failed is tried with, as long as another is there.
func TestUnrepeatableAvoidsTheShaky(t *testing.T) {
	p := pooled(t, Settings{}, 1, 1)
	a := p.Endpoints()[0]
	a.settled(&Failure{Symptom: vocab.HTTPProtocolError, Phase: event.Header, Sent: 10}, &event.Attempt{})
	for range 100 {
		e := p.pick(&Choice{Once: true})
		if e == a {
			t.Fatal("a POST went to the server that just failed")
		}
		e.release()
	}
	if got := spreadOf(t, p, 200, func(int) string { return "" }); got["0"] == 0 {
		t.Error("what can be made again avoids it as well, so nobody finds out")
	}
	p.Endpoints()[1].Drain(true)
	if p.pick(&Choice{Once: true}) != a {
		t.Error("where no other is left it is not asked")
	}
}

// TestOneGetsTheLastPlace: of many that want the one free place at once one gets it.
func TestOneGetsTheLastPlace(t *testing.T) {
	p := pooled(t, Settings{MaxRequests: 1}, 1)
	for range 500 {
		var wg sync.WaitGroup
		var got atomic.Int64
		for range 8 {
			wg.Go(func() {
				if p.pick(&Choice{}) != nil {
					got.Add(1)
				}
			})
		}
		wg.Wait()
		if got.Load() != 1 {
			t.Fatalf("%d got the one place", got.Load())
		}
		p.Endpoints()[0].Release()
	}
}

// TestAnswersThatBreakOffEject: a server whose heads are well and whose bodies are not
// is one that fails.
func TestAnswersThatBreakOffEject(t *testing.T) {
	p := pooled(t, Settings{}, 1, 1)
	a := p.Endpoints()[0]
	for range 3 {
		a.answered(time.Millisecond, time.Now())
		a.settled(&Failure{Symptom: vocab.HTTPResponseIncomplete, Phase: event.Body, Sent: 10}, &event.Attempt{})
	}
	if a.Condition()&Ejected == 0 {
		t.Errorf("it is %s", a.Condition())
	}
	b := p.Endpoints()[1]
	for range 10 {
		b.answered(time.Millisecond, time.Now())
		b.whole()
		b.settled(&Failure{Symptom: vocab.HTTPResponseIncomplete, Phase: event.Body, Sent: 10}, &event.Attempt{})
	}
	if b.Condition() != 0 || b.fails != 1 {
		t.Errorf("it is %s after failures that were never in a row", b.Condition())
	}
}

// TestNobodyIsLeftToOneOnTrial: a server on trial that fails neither holds up those
// that are out nor makes the last one that answers a hung one.
func TestNobodyIsLeftToOneOnTrial(t *testing.T) {
	p := pooled(t, Settings{}, 1, 1)
	bad, good := p.Endpoints()[0], p.Endpoints()[1]
	bad.trial.Store(1)
	bad.settled(&Failure{Symptom: vocab.HTTPProtocolError, Phase: event.Header, Sent: 10}, &event.Attempt{})
	if p.answersElse(good, time.Now()) {
		t.Error("the one on trial counts as a place to go")
	}
	good.set(Suspect, 0, "test")
	for range 100 {
		e := p.pick(&Choice{Once: true})
		if e != good {
			t.Fatalf("a POST went to %v", e)
		}
		e.release()
	}
	if !p.Untried([]*Endpoint{bad}) {
		t.Error("what failed at the one on trial is not tried at the other")
	}
	bad.load.Store(1) // somebody tries it
	if e := p.pick(&Choice{}); e != good {
		t.Errorf("%v was picked", e)
	}
}
