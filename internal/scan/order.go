package scan

import (
	"cmp"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/pattern"
)

var rotation = pattern.New(`^(.*?)(?:[.-](\d{1,4}))?(?:[.-]((?:19|20)\d{6}(?:[T-]?\d{2,6})?|(?:19|20)\d\d-\d\d-\d\d(?:[T_-]?\d\d.?\d\d.?\d\d)?))?(\.(?:gz|zst|bz2))?$`)

// Unrotated returns the name of the log of which name is a rotated part:
// "access.log.2.gz" and "access.log-20260821.gz" are parts of "access.log".
func Unrotated(name string) string {
	if m := rotation().FindStringSubmatch(name); m != nil && m[1] != "" {
		return m[1]
	}
	return name
}

// Order puts the parts of each rotated log one after the other, the oldest
// first. Logs stay in the order in which they came.
func Order(inputs []Input) {
	type key struct {
		log    int
		date   string // "~" for none: the living log is the youngest
		number int
	}
	logs := map[string]int{}
	keys := map[string]key{}
	for _, in := range inputs {
		dir, name := filepath.Split(in.Path)
		m := rotation().FindStringSubmatch(name)
		if in.Stream != nil || m == nil || m[1] == "" {
			m = []string{"", name, "", "", ""}
		}
		k := key{date: "~"}
		if m[3] != "" {
			k.date = strings.Map(onlyDigits, m[3])
		}
		k.number, _ = strconv.Atoi(m[2])
		log, ok := logs[dir+m[1]]
		if !ok {
			log = len(logs)
			logs[dir+m[1]] = log
		}
		k.log = log
		keys[in.Path] = k
	}
	slices.SortStableFunc(inputs, func(a, b Input) int {
		x, y := keys[a.Path], keys[b.Path]
		return cmp.Or(cmp.Compare(x.log, y.log), cmp.Compare(x.date, y.date), cmp.Compare(y.number, x.number))
	})
}

func onlyDigits(r rune) rune {
	if r < '0' || r > '9' {
		return -1
	}
	return r
}
