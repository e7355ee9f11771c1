package regex

// maxSteps bounds one match.
const maxSteps = 100_000

// program is a pattern for the backtracking matcher.
type program struct {
	root   node
	groups int // with group 0
	names  []string
}

// node matches at position i of m.s and calls next with where it ended. It
// returns whether next did.
type node func(m *matcher, i int, next func(int) bool) bool

type matcher struct {
	s     string
	at    []int
	steps int
	over  bool
}

// step counts; false ends the match without an answer.
func (m *matcher) step() bool {
	if m.steps++; m.steps > maxSteps {
		m.over = true
	}
	return !m.over
}

func (p *program) match(s string) ([]int, error) {
	m := &matcher{s: s, at: make([]int, 2*p.groups)}
	for start := 0; start <= len(s); start++ {
		for i := range m.at {
			m.at[i] = -1
		}
		found := p.root(m, start, func(end int) bool {
			m.at[0], m.at[1] = start, end
			return true
		})
		if m.over {
			return nil, ErrSteps
		}
		if found {
			return m.at, nil
		}
	}
	return nil, nil
}

func empty(_ *matcher, i int, next func(int) bool) bool { return next(i) }

func class(has func(byte) bool) node {
	return func(m *matcher, i int, next func(int) bool) bool {
		return m.step() && i < len(m.s) && has(m.s[i]) && next(i+1)
	}
}

func sequence(a, b node) node {
	return func(m *matcher, i int, next func(int) bool) bool {
		return a(m, i, func(j int) bool { return b(m, j, next) })
	}
}

func alternate(list []node) node {
	return func(m *matcher, i int, next func(int) bool) bool {
		for _, n := range list {
			if m.step() && n(m, i, next) {
				return true
			}
		}
		return false
	}
}

// repeat matches n from low to high times, high < 0 without end.
func repeat(n node, low, high int, lazy bool) node {
	var try func(m *matcher, i, count int, next func(int) bool) bool
	try = func(m *matcher, i, count int, next func(int) bool) bool {
		if !m.step() {
			return false
		}
		more := func() bool {
			return (high < 0 || count < high) && n(m, i, func(j int) bool {
				if j == i && count >= low {
					return next(j) // once more of nothing would not end
				}
				return try(m, j, count+1, next)
			})
		}
		if count < low {
			return more()
		}
		if lazy {
			return next(i) || more()
		}
		return more() || next(i)
	}
	return func(m *matcher, i int, next func(int) bool) bool { return try(m, i, 0, next) }
}

// group notes what n matched as group k.
func group(n node, k int) node {
	return func(m *matcher, i int, next func(int) bool) bool {
		a, b := m.at[2*k], m.at[2*k+1]
		if n(m, i, func(j int) bool {
			x, y := m.at[2*k], m.at[2*k+1]
			m.at[2*k], m.at[2*k+1] = i, j
			if next(j) {
				return true
			}
			m.at[2*k], m.at[2*k+1] = x, y
			return false
		}) {
			return true
		}
		m.at[2*k], m.at[2*k+1] = a, b
		return false
	}
}

// atomic matches n once, without coming back into it.
func atomic(n node) node {
	return func(m *matcher, i int, next func(int) bool) bool {
		end := -1
		return n(m, i, func(j int) bool { end = j; return true }) && next(end)
	}
}

// look matches where n does, or with negative does not, and takes nothing.
func look(n node, negative bool) node {
	return func(m *matcher, i int, next func(int) bool) bool {
		saved := append([]int(nil), m.at...)
		found := n(m, i, func(int) bool { return true })
		if found == negative || m.over {
			copy(m.at, saved)
			return false
		}
		if next(i) {
			return true
		}
		copy(m.at, saved)
		return false
	}
}

// behind is look for what ends here. n is tried from every earlier position.
func behind(n node, negative bool) node {
	return look(func(m *matcher, i int, next func(int) bool) bool {
		for start := i; start >= 0 && m.step(); start-- {
			if n(m, start, func(j int) bool { return j == i }) {
				return next(i)
			}
		}
		return false
	}, negative)
}

// back matches again what group k matched.
func back(k int, fold bool) node {
	return func(m *matcher, i int, next func(int) bool) bool {
		if m.at[2*k] < 0 {
			return false
		}
		want := m.s[m.at[2*k]:m.at[2*k+1]]
		if !m.step() || len(m.s)-i < len(want) {
			return false
		}
		got := m.s[i : i+len(want)]
		for x := range want {
			if got[x] != want[x] && !(fold && lower(got[x]) == lower(want[x])) {
				return false
			}
		}
		return next(i + len(want))
	}
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// assert matches where the condition holds, and takes nothing.
func assert(holds func(s string, i int) bool) node {
	return func(m *matcher, i int, next func(int) bool) bool { return holds(m.s, i) && next(i) }
}
