// Goodgate says why a gateway answered 5xx, and what to change.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/goodgatehq/goodgate/internal/cli"
)

// version is set when a release is built.
var version string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(cli.Run(ctx, cli.Call{Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Env: os.LookupEnv, Version: version}))
}
