package haproxy

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// refine tells who ended a body that broke off. Where a server announced its
// body's length, or sends chunks, and falls silent for timeout server, 2.6 writes
// sD, and 3.0.11 was seen to write CD, as where the client left. It ends such a
// request as soon as the timeout is over: who left about then, by chance, is rare,
// and of who left later nothing is known.
func (c *config) refine(key dialect.Key, header, whole float64, in topo.Settings) dialect.Key {
	wait := in[vocab.ReadTimeout].Number
	known := c.version > 0 && c.version <= 206 // what CD means
	if key != keyClientBody || known || wait <= 0 || whole-max(header, 0) < wait-0.01 {
		return key
	}
	if whole-max(header, 0) <= wait*1.02+0.1 {
		return keysD
	}
	return keyBodyEnded
}
