package host

import "context"

// Resolving holds the files that decide how the system resolves names.
type Resolving struct {
	ResolvConf FileData `json:"resolv_conf"`
	Hosts      FileData `json:"hosts"`
	NSSwitch   FileData `json:"nsswitch"`
}

// Resolving reads /etc/resolv.conf, /etc/hosts and /etc/nsswitch.conf of the
// view. A file that is missing is not an error.
func (v *View) Resolving(ctx context.Context) (Resolving, error) { return Resolving{}, errUnwritten } // UNWRITTEN
