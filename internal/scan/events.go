package scan

import (
	"cmp"
	"slices"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// eventful reports whether a fact is something that happens to a program rather
// than to a request: what may stand at the beginning of an incident.
func eventful(f vocab.Fact) bool {
	switch f {
	case vocab.AppCrashed, vocab.AppWorkerKilled, vocab.AppSigkilled, vocab.AppOOMKilled, vocab.AppWorkersExhausted,
		vocab.AppQueueFull, vocab.AppStopping, vocab.AppStarting, vocab.AppBootFailed, vocab.AppCannotListen, vocab.AppListening,
		vocab.AppNoFiles, vocab.AppNoSpace, vocab.AppCannotFork, vocab.AppDependencyFailed, vocab.KernelSegfault,
		vocab.GatewayReloaded, vocab.GatewayWorkerDied, vocab.GatewayConfigRejected, vocab.GatewayStartNameMissing,
		vocab.GatewayCannotBind, vocab.GatewayServerDisabled, vocab.GatewayNoConnections, vocab.GatewayNoFiles,
		vocab.GatewayNoMemory, vocab.GatewayDiskFull, vocab.GatewayNoLocalPort:
		return true
	}
	return false
}

// events keeps what happened to programs: one entry per kind and minute.
type events struct {
	index   map[eventKey]int32
	list    []event
	dropped uint64
}

type eventKey struct {
	log    int32
	cond   dialect.Key
	minute int64
}

type event struct {
	eventKey
	when  int64 // of the first
	count uint64
	name  string
	text  string
	at    where
}

const eventLimit = 4000

func newEvents() *events { return &events{index: map[eventKey]int32{}} }

func (es *events) add(log int32, key dialect.Key, r *dialect.Record, when int64, line []byte, at where) {
	k := eventKey{log, key, when / 60e9}
	if i, ok := es.index[k]; ok {
		es.list[i].count++
		return
	}
	if len(es.list) >= eventLimit {
		es.dropped++
		return
	}
	es.index[k] = int32(len(es.list))
	es.list = append(es.list, event{eventKey: k, when: when, count: 1, name: string(r.Name[:min(len(r.Name), 200)]),
		text: string(line[:min(len(line), 400)]), at: at})
}

func (es *events) merge(o *events) {
	es.dropped += o.dropped
	for _, e := range o.list {
		if i, ok := es.index[e.eventKey]; ok {
			have := &es.list[i]
			count := have.count + e.count
			if e.when < have.when {
				*have = e
			}
			have.count = count
			continue
		}
		if len(es.list) >= 4*eventLimit {
			es.dropped += e.count
			continue
		}
		es.index[e.eventKey] = int32(len(es.list))
		es.list = append(es.list, e)
	}
}

// sorted returns the events by time; those of one second in the order of the
// files that were given, whoever read them first.
func (es *events) sorted() []event {
	list := slices.Clone(es.list)
	slices.SortStableFunc(list, func(a, b event) int {
		return cmp.Or(cmp.Compare(a.when, b.when), cmp.Compare(a.at.file, b.at.file))
	})
	return list
}
