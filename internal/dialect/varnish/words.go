package varnish

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// words are the texts of FetchError and of the probes.
func words() []dialect.Word {
	var list []dialect.Word
	add := func(text string, key dialect.Key) {
		list = append(list, table.Word(text, key, ""))
	}
	for i := range texts {
		add(texts[i].text, texts[i].key)
	}
	add("backend sick: unhealthy", keyUnhealthy)
	add("Backend fetch failed", keyPage)
	add("Guru Meditation", keyPage)
	add("Still sick", keyProbeRead)
	add("Went sick", keyProbeRead)
	return list
}

// quoted is the least length of a FetchError's text by which it is known without
// its record.
const quoted = 10

// bare reads the text of a FetchError that was quoted alone.
func bare(b []byte, r *dialect.Record) dialect.Key {
	b = line.Trim(b)
	for i := range texts {
		if len(texts[i].text) >= quoted && len(b) < len(texts[i].text)+60 && line.Has(b, texts[i].text) {
			r.Message = b
			return texts[i].key
		}
	}
	return dialect.Unparsed
}
