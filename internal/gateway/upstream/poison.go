//go:build !race

package upstream

// poison overwrites buffers that are given back, so that the tests under the race
// detector see who still reads them.
const poison = false
