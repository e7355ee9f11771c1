package doctor

import (
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func TestTimelineChooses(t *testing.T) {
	first := time.Date(2026, 3, 3, 3, 10, 0, 0, time.UTC)
	f := evidence.Failure{Symptom: vocab.ConnectionRefused, Subjects: map[vocab.Role][]string{vocab.RoleEndpoint: {"127.0.0.1:3000"}}, From: first, To: first.Add(4 * time.Minute), Count: 9}
	at := func(d time.Duration, kind EventKind, what string) Event {
		return Event{When: first.Add(d), Kind: kind, What: what}
	}
	list := func(all []Event) (words []string, before []string) {
		for _, e := range all {
			words = append(words, e.What)
			if e.JustBefore {
				before = append(before, e.What)
			}
		}
		return words, before
	}
	check := func(name string, got []string, want ...string) {
		t.Helper()
		if len(got) != len(want) {
			t.Errorf("%s: %q, want %q", name, got, want)
			return
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%s: %q, want %q", name, got, want)
				return
			}
		}
	}
	const start, end = "the first failure: connection_refused at 127.0.0.1:3000", "the last failure seen"

	words, before := list(selected(f, []Event{at(-12*time.Second, EventDeploy, "deploy"), at(-50*time.Hour, EventConfig, "config"), at(2*time.Second, EventEnd, "crash"), at(-30*time.Second, EventLog, "line"), {What: "never"}}))
	check("what is near", words, "line", "deploy", start, "crash", end)
	check("just before", before, "deploy")

	words, before = list(selected(f, []Event{at(-50*time.Hour, EventConfig, "config"), at(-60*time.Hour, EventDeploy, "deploy"), at(-8*24*time.Hour, EventStart, "start"), at(-2*time.Hour, EventLog, "line"), at(time.Hour, EventStart, "later")}))
	check("the last change, however far", words, "config", start, end)
	check("nothing just before", before)

	var many []Event
	for i := range 100 {
		many = append(many, at(time.Duration(i-50)*10*time.Second, EventLog, "line"))
	}
	got := selected(f, many)
	if len(got) > timelineMost || !got[0].When.Before(first) {
		t.Errorf("%d events, from %s", len(got), got[0].When)
	}
	for i := 1; i < len(got); i++ {
		if got[i].When.Before(got[i-1].When) {
			t.Error("they are not in the order of time")
		}
	}
}

func TestTimelineMakesNoCauseSurer(t *testing.T) {
	for fact := range eventFacts {
		if _, ok := fact.Info(); !ok {
			t.Errorf("%s is not in the vocabulary", fact)
		}
	}
	for _, kind := range []EventKind{EventStart, EventEnd, EventReload, EventConfig, EventDeploy, EventCertificate, EventNames} {
		if _, ok := vocab.Fact(kind).Info(); ok {
			t.Errorf("%s is a fact that a cause could weigh", kind)
		}
	}
}

func TestFilesThatAnApplicationWrites(t *testing.T) {
	for file, want := range map[string]bool{"/srv/app.log": true, "/srv/app.log.1": true, "/srv/app.py": false, "/srv/data.sqlite3": true, "/srv/server.js": false, "/srv/run.pid": true} {
		if writes(file) != want {
			t.Errorf("%s: %v", file, !want)
		}
	}
}
