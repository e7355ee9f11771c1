package host

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"
)

// ruleset is what nftables has in one network namespace.
type ruleset struct {
	chains []*chain
	sets   func(family uint8, table, name string) ([]element, bool)
}

// chain is a chain; those with a hook are where packets enter.
type chain struct {
	family      uint8
	table, name string
	base        bool
	hook        uint32
	priority    int32
	drops       bool // the policy
	kind        string
	rules       []rule
}

type rule struct {
	handle uint64
	exprs  []expr
}

// expr is one instruction of a rule: its name and its attributes.
type expr struct {
	name string
	data []byte
}

// element is one entry of a set: a key, or where an interval of keys begins or
// ends. Maps have a verdict.
type element struct {
	key     []byte
	end     bool // the first key that is no more in the interval before it
	verdict []byte
}

const (
	maxRules  = 100_000
	maxSetLen = 100_000
)

// attributes of nf_tables.h that x/sys does not name.
const (
	chainTable, chainName, chainHook, chainPolicy, chainType        = 1, 3, 4, 5, 7
	ruleTable, ruleChain, ruleHandle, ruleExprs                     = 1, 2, 3, 4
	tableName, tableFlags                                           = 1, 2
	setTable, setName, setElements                                  = 1, 2, 3
	elementKey, elementData, elementFlags, elementKeyEnd            = 1, 2, 3, 10
	dataValue, dataVerdict                                          = 1, 2
	tableDormant                                             uint32 = 1
)

// ruleset reads tables, chains and rules; sets are read when a rule looks into
// one.
func (v *View) ruleset(ctx context.Context) (*ruleset, error) {
	rs := &ruleset{}
	dormant := map[string]bool{}
	err := v.askNFT(ctx, unix.NFT_MSG_GETTABLE, 0, nil, func(family uint8, b []byte) {
		if name, off := parseTable(b); off {
			dormant[string(family)+name] = true
		}
	})
	if err != nil {
		return nil, err
	}
	index := map[string]*chain{}
	err = v.askNFT(ctx, unix.NFT_MSG_GETCHAIN, 0, nil, func(family uint8, b []byte) {
		c := parseChain(family, b)
		c.base = c.base && !dormant[string(family)+c.table]
		rs.chains = append(rs.chains, c)
		index[chainKey(family, c.table, c.name)] = c
	})
	if err != nil {
		return nil, err
	}
	total := 0
	err = v.askNFT(ctx, unix.NFT_MSG_GETRULE, 0, nil, func(family uint8, b []byte) {
		table, name, r := parseRule(b)
		if c := index[chainKey(family, table, name)]; c != nil && total < maxRules {
			c.rules = append(c.rules, r)
			total++
		}
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(rs.chains, func(a, b *chain) int { return cmp.Compare(a.priority, b.priority) })
	rs.sets = func(family uint8, table, name string) ([]element, bool) { return v.nftSet(ctx, family, table, name) }
	return rs, nil
}

func chainKey(family uint8, table, name string) string {
	return string(family) + "\x00" + table + "\x00" + name
}

// askNFT asks for a list. Each entry is handed to visit with its family.
func (v *View) askNFT(ctx context.Context, what uint16, family uint8, more []byte, visit func(family uint8, b []byte)) error {
	const subsystem, header = unix.NFNL_SUBSYS_NFTABLES << 8, 4 // struct nfgenmsg: family, version, resource
	body := append([]byte{family, unix.NFNETLINK_V0, 0, 0}, more...)
	return v.ask(ctx, unix.NETLINK_NETFILTER, subsystem|what, unix.NLM_F_DUMP, body, func(m message) error {
		if len(m.body) >= header {
			visit(m.body[0], m.body[header:])
		}
		return nil
	})
}

// nftSet reads the elements of a set.
func (v *View) nftSet(ctx context.Context, family uint8, table, name string) ([]element, bool) {
	more := attribute(nil, setTable, append([]byte(table), 0))
	more = attribute(more, setName, append([]byte(name), 0))
	var list []element
	err := v.askNFT(ctx, unix.NFT_MSG_GETSETELEM, family, more, func(_ uint8, b []byte) {
		attributes(b, func(kind uint16, value []byte) {
			if kind == setElements && len(list) < maxSetLen {
				attributes(value, func(_ uint16, e []byte) { list = append(list, parseElement(e)...) })
			}
		})
	})
	slices.SortStableFunc(list, func(a, b element) int { return slices.Compare(a.key, b.key) })
	return list, err == nil && len(list) < maxSetLen
}

func parseTable(b []byte) (name string, dormant bool) {
	attributes(b, func(kind uint16, value []byte) {
		switch kind {
		case tableName:
			name = cString(value)
		case tableFlags:
			dormant = big32(value)&tableDormant != 0
		}
	})
	return name, dormant
}

func parseChain(family uint8, b []byte) *chain {
	c := &chain{family: family}
	attributes(b, func(kind uint16, value []byte) {
		switch kind {
		case chainTable:
			c.table = cString(value)
		case chainName:
			c.name = cString(value)
		case chainType:
			c.kind = cString(value)
		case chainPolicy:
			c.drops = big32(value) == verdictDrop
		case chainHook:
			c.base = true
			attributes(value, func(kind uint16, value []byte) {
				switch kind {
				case unix.NFTA_HOOK_HOOKNUM:
					c.hook = big32(value)
				case unix.NFTA_HOOK_PRIORITY:
					c.priority = int32(big32(value))
				}
			})
		}
	})
	return c
}

func parseRule(b []byte) (table, name string, r rule) {
	attributes(b, func(kind uint16, value []byte) {
		switch kind {
		case ruleTable:
			table = cString(value)
		case ruleChain:
			name = cString(value)
		case ruleHandle:
			if len(value) >= 8 {
				r.handle = binary.BigEndian.Uint64(value)
			}
		case ruleExprs:
			attributes(value, func(_ uint16, e []byte) { r.exprs = append(r.exprs, parseExpr(e)) })
		}
	})
	return table, name, r
}

func parseExpr(b []byte) (e expr) {
	attributes(b, func(kind uint16, value []byte) {
		switch kind {
		case unix.NFTA_EXPR_NAME:
			e.name = cString(value)
		case unix.NFTA_EXPR_DATA:
			e.data = slices.Clone(value)
		}
	})
	return e
}

// parseElement reads one element; one with a last key becomes the two ends of an
// interval.
func parseElement(b []byte) []element {
	var e element
	var last []byte
	attributes(b, func(kind uint16, value []byte) {
		switch kind {
		case elementKey:
			e.key = dataOf(value, dataValue)
		case elementKeyEnd:
			last = dataOf(value, dataValue)
		case elementData:
			e.verdict = dataOf(value, dataVerdict)
		case elementFlags:
			e.end = big32(value)&1 != 0 // NFT_SET_ELEM_INTERVAL_END
		}
	})
	if last == nil {
		return []element{e}
	}
	next := slices.Clone(last)
	for i := len(next) - 1; i >= 0; i-- {
		if next[i]++; next[i] != 0 {
			break
		}
	}
	return []element{e, {key: next, end: true}}
}

// dataOf returns a copy of one attribute of a list.
func dataOf(b []byte, want uint16) (data []byte) {
	attributes(b, func(kind uint16, value []byte) {
		if kind == want {
			data = slices.Clone(value)
		}
	})
	return data
}

func cString(b []byte) string { return printable(string(b), 256) }

func big32(b []byte) uint32 {
	if len(b) < 4 {
		return 0
	}
	return binary.BigEndian.Uint32(b)
}
