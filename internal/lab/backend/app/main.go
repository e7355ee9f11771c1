// App is package backend as a program of its own, small, for tests that start
// many of them.
package main

import (
	"os"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
)

func main() { os.Exit(backend.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
