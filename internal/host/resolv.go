package host

import (
	"context"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// Resolving holds the files that decide how the system resolves names.
type Resolving struct {
	ResolvConf FileData       `json:"resolv_conf"`
	Hosts      FileData       `json:"hosts"`
	NSSwitch   FileData       `json:"nsswitch"`
	Gaps       []evidence.Gap `json:"gaps,omitempty"`
}

// Resolving reads /etc/resolv.conf, /etc/hosts and /etc/nsswitch.conf of the
// view. A file that is missing is not an error; one that cannot be read is a
// gap.
func (v *View) Resolving(ctx context.Context) (Resolving, error) {
	var answer Resolving
	for _, f := range []struct {
		path string
		to   *FileData
	}{{"/etc/resolv.conf", &answer.ResolvConf}, {"/etc/hosts", &answer.Hosts}, {"/etc/nsswitch.conf", &answer.NSSwitch}} {
		data, err := v.ReadFile(ctx, f.path, 1<<20)
		if err != nil {
			answer.Gaps = append(answer.Gaps, gapOf("file "+f.path, err))
		}
		*f.to = data
	}
	return answer, nil
}
