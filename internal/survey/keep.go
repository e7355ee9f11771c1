package survey

import (
	"context"
	"strings"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
)

const (
	suspicious = 32  // length from which the redactor takes a word of a configuration for a secret
	maxKept    = 200 // paths of one file that are looked at
)

// keepPaths tells the redactor which words of a configuration are parts of paths
// that exist: a name on disk is no secret, and without it a socket or an include
// could not be found.
func keepPaths(ctx context.Context, r *evidence.Redactor, v *host.View, body []byte) {
	if r == nil {
		return
	}
	seen := map[string]bool{}
	for path := range strings.FieldsFuncSeq(string(body), func(c rune) bool { return !pathRune(c) }) {
		at := strings.IndexByte(path, '/')
		if at < 0 || !hasLongWord(path[at:]) || seen[path[at:]] {
			continue
		}
		if seen[path[at:]] = true; len(seen) > maxKept {
			return
		}
		keepExisting(ctx, r, v, path[at:])
	}
}

// keepExisting names the parts of a path, as far as it exists.
func keepExisting(ctx context.Context, r *evidence.Redactor, v *host.View, path string) {
	for end := 1; end <= len(path); end++ {
		if end < len(path) && path[end] != '/' {
			continue
		}
		part := path[:end]
		if !hasLongWord(part[strings.LastIndexByte(part, '/')+1:]) {
			continue
		}
		info, err := v.Stat(ctx, part)
		if err != nil || info.Missing {
			return
		}
		keepWords(r, part)
	}
}

// keepWords names the long words of a path, cut as the redactor cuts them.
func keepWords(r *evidence.Redactor, path string) {
	for w := range strings.FieldsFuncSeq(path, func(c rune) bool { return !pathRune(c) || c == '/' || c == '.' }) {
		if len(w) >= suspicious {
			r.Keep(w)
		}
	}
}

func hasLongWord(path string) bool {
	n := 0
	for i := range len(path) {
		if n++; path[i] == '/' || path[i] == '.' {
			n = 0
		}
		if n >= suspicious {
			return true
		}
	}
	return false
}

func pathRune(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("_-+~./", c)
}
