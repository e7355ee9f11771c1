package host

import "context"

// Identity is who wants to use a file.
type Identity struct {
	UID    int   `json:"uid"`
	GID    int   `json:"gid"`
	Groups []int `json:"groups,omitempty"`
}

// PathStep is one directory, link or file on the way to a path.
type PathStep struct {
	Path   string `json:"path"`
	Kind   string `json:"kind"` // as in FileInfo, and "link"
	Mode   uint32 `json:"mode"`
	UID    int    `json:"uid"`
	GID    int    `json:"gid"`
	Target string `json:"target,omitempty"` // of a link
	ACL    bool   `json:"acl,omitempty"`    // it has an access control list, which may say otherwise than its mode
	Denies bool   `json:"denies,omitempty"` // it stops the identity
}

// UnixPath says whether a process could connect to a unix socket.
type UnixPath struct {
	Path     string     `json:"path"`
	Steps    []PathStep `json:"steps"`
	Missing  string     `json:"missing,omitempty"` // the first part that does not exist
	IsSocket bool       `json:"is_socket"`
	Listens  *bool      `json:"listens,omitempty"` // whether somebody listens on it; nil: not known
	Listener *Listener  `json:"listener,omitempty"`
	Denied   string     `json:"denied,omitempty"` // the first part that denies access, "" for none
	Why      string     `json:"why,omitempty"`    // "no x on the directory /run/app for others: drwx------ app:app"
	Unsure   string     `json:"unsure,omitempty"` // why the answer may be wrong: an ACL, a security module
}

// UnixPath walks to the unix socket at path as the identity would, and says where
// it is stopped, and whether somebody listens there.
func (v *View) UnixPath(ctx context.Context, path string, who Identity) (UnixPath, error) {
	return UnixPath{}, errUnwritten
} // UNWRITTEN
