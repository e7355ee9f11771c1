package scan

import (
	"fmt"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// ByName returns the log that an operator names: a log ("nginx error"), a
// product with one log, "product: format", or a format by itself, which is
// nginx's where it has a $ and else that of the first product that reads it.
func ByName(dialects []dialect.Dialect, name string) (*Forced, error) {
	var names []string
	for _, d := range dialects {
		for _, l := range d.Logs {
			if strings.EqualFold(l.Name, name) {
				return &Forced{d.Name, l}, nil
			}
			names = append(names, l.Name)
		}
	}
	for _, d := range dialects {
		if strings.EqualFold(d.Name, name) && len(d.Logs) > 0 {
			return &Forced{d.Name, d.Logs[0]}, nil
		}
	}
	product, format, ok := strings.Cut(name, ": ")
	var failed error
	for _, d := range dialects {
		if d.Format == nil || !strings.ContainsAny(name, "$%") {
			continue
		}
		text := name
		if ok && strings.EqualFold(product, d.Name) {
			text = format
		} else if nginx := d.Name == "nginx"; nginx != strings.Contains(name, "$") {
			continue
		}
		log, err := d.Format(text)
		if err == nil {
			return &Forced{d.Name, log}, nil
		}
		failed = err
	}
	if failed != nil {
		return nil, failed
	}
	return nil, fmt.Errorf("no log is named %q: there are %s, and formats with $variables or %%directives", name, strings.Join(names, ", "))
}
