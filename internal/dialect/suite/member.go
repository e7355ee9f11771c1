package suite

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// Member holds the first of a member's logs to the catalog and to the lines in its
// testdata. o says where the vocabulary differs; its entries are read here.
func Member(t *testing.T, logs []dialect.Log, o Oracle) {
	t.Helper()
	o.Entries = Read(t, "testdata/catalog.jsonl")
	Run(t, logs, append(Examples(logs[0].Name, o.Entries), Lines(t, logs[0], "testdata/lines.txt")...))
	Catalog(t, logs[0], o)
}

// Application does so for the log of an application server: of the lines only those
// must be recognised that are its own, because what an application prints itself may
// come from any other.
func Application(t *testing.T, logs []dialect.Log, o Oracle) {
	t.Helper()
	o.Entries = Read(t, "testdata/catalog.jsonl")
	examples := Examples(logs[0].Name, o.Entries)
	for _, e := range Lines(t, logs[0], "testdata/lines.txt") {
		if logs[0].Sniff([]byte(e.Line)) > 0 {
			examples = append(examples, e)
		}
	}
	Run(t, logs, examples)
	Catalog(t, logs[0], o)
}

// FuzzMember gives the logs any bytes, beginning with the catalog's.
func FuzzMember(f *testing.F, logs []dialect.Log) {
	Fuzz(f, logs, Examples(logs[0].Name, Read(f, "testdata/catalog.jsonl")))
}

// Lined is Member for products that the catalog does not have.
func Lined(t *testing.T, logs []dialect.Log) {
	t.Helper()
	Run(t, logs, Lines(t, logs[0], "testdata/lines.txt"))
}

// FuzzLined is FuzzMember for them.
func FuzzLined(f *testing.F, logs []dialect.Log) {
	Fuzz(f, logs, Seeds(f, logs[0], "testdata/lines.txt"))
}
