package doctor

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// configTestLimit is how long the product's own test may take: it resolves every
// name of the configuration.
const configTestLimit = 5 * time.Second

// configTest is what the product's own test said.
type configTest struct {
	Passed bool   `json:"passed"`
	Output string `json:"output"`
}

// RedactWith takes the secrets out.
func (c *configTest) RedactWith(r *evidence.Redactor) { c.Output = r.Text(c.Output) }

// testConfig runs the product's own configuration test where the operator allows
// it: it may write logs, a pid file and directories.
func (x *examination) testConfig(ctx context.Context) {
	g := x.match.Gateway
	if !x.opts.ConfigTest || g.Dialect.ConfigTest == nil {
		return
	}
	command := g.Dialect.ConfigTest(g.Launch)
	words := strings.Join(command, " ")
	if !x.place.Own() {
		x.gap(evidence.Gap{Source: "configuration test", Why: "the gateway runs in another namespace", Allow: "run it there: " + words})
		return
	}
	x.progress("running %s", words)
	t, when, ok := ask(x, "config/test", words, func() (configTest, error) {
		ctx, cancel := context.WithTimeout(ctx, configTestLimit)
		defer cancel()
		out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput()
		var exit *exec.ExitError
		switch {
		case ctx.Err() != nil:
			return configTest{}, &evidence.Gap{Source: "configuration test", Why: "it did not end within 5 s", Allow: "run it yourself: " + words}
		case err != nil && !errors.As(err, &exit):
			return configTest{}, &evidence.Gap{Source: "configuration test", Why: err.Error(), Allow: "run it yourself: " + words}
		}
		return configTest{Passed: err == nil, Output: clip(string(out), 4<<10)}, nil
	})
	if !ok {
		return
	}
	o := observation{subject: x.gateway, when: when, kind: evidence.Process, where: words, quote: t.Output}
	if t.Passed {
		o.fact = vocab.ConfigLoads
	} else {
		o.fact, o.value = vocab.ConfigBroken, firstError(t.Output)
	}
	x.add(o)
}

// firstError is the line that says what is wrong.
func firstError(output string) string {
	for line := range strings.Lines(output) {
		if strings.Contains(line, "[emerg]") || strings.Contains(line, "[ALERT]") || strings.HasPrefix(line, "Error: ") {
			return strings.TrimSpace(line)
		}
	}
	return strings.TrimSpace(output)
}
