package doctor

import (
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// endFacts says of an upstream where nothing listens that a crash would not show:
// a gateway that repeats requests without a word logs only that the second connect
// was refused, as where somebody stopped the application.
func (x *examination) endFacts(u *upstream) {
	if x.match.Gateway.Dialect.Repeats && (x.has(vocab.NoListener, u.Addr) || x.has(vocab.SocketStale, u.Addr)) {
		x.add(u.about(vocab.EndUnseen, evidence.GatewayLog, x.match.Gateway.Dialect.Name, ""))
	}
}
