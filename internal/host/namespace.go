package host

import (
	"context"
	"os"
	"slices"
	"strconv"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// Namespace is a network namespace, with a process from which it can be looked
// into and how many processes run there.
type Namespace struct {
	Place     Place `json:"place"`
	Processes int   `json:"processes"`
}

// Namespaces is every network namespace in which a process runs that may be
// looked into, goodgate's own first.
type Namespaces struct {
	List []Namespace    `json:"list"`
	Gaps []evidence.Gap `json:"gaps,omitempty"`
}

// ListNamespaces finds the network namespaces of all processes. Those of one
// namespace that differ in files are not told apart; the oldest process stands
// for all.
func ListNamespaces(ctx context.Context) (Namespaces, error) {
	var answer Namespaces
	pids, err := pidsOf("/proc")
	if err != nil {
		return answer, denied("namespaces", err)
	}
	slices.Sort(pids)
	own := selfPlace()
	index := map[string]int{own.Net: 0}
	answer.List = []Namespace{{Place: own}}
	closed := 0
	for _, pid := range pids {
		if err := ctx.Err(); err != nil {
			return answer, err
		}
		net, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/ns/net")
		if os.IsPermission(err) {
			closed++
		}
		if err != nil || net == "" {
			continue
		}
		i, ok := index[net]
		if !ok {
			p, err := placeOf(pid)
			if err != nil || p.Net != net {
				continue // it has gone, and another process stands for the rest
			}
			i = len(answer.List)
			index[net] = i
			answer.List = append(answer.List, Namespace{Place: p})
		}
		answer.List[i].Processes++
	}
	if closed > 0 {
		answer.Gaps = append(answer.Gaps, evidence.Gap{Source: "network namespaces", Why: about(closed) + " processes of other users may not be looked into", Allow: allowRoot})
	}
	return answer, nil
}
