package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/goodgatehq/goodgate/internal/gateway/config"
)

func (g *gatewayFlags) validate() *cobra.Command {
	return &cobra.Command{
		Use:   "validate FILE",
		Short: "Check a configuration without running it",
		Long: `validate reads a configuration as the gateway would, with the certificates, the
authorities and the lists of servers that it names, and says file:line:column of
what is wrong. It listens nowhere and asks no server. Exit code 2: it is not valid.`,
		Example:           "  goodgate gateway validate gateway.yaml",
		Args:              exactly("the file"),
		ValidArgsFunction: completeYAML,
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := checkedConfig(args[0])
			if err != nil {
				return err
			}
			if !g.quiet {
				fmt.Fprintf(g.Stdout, "%s is valid: %s, %s\n", printable(args[0]), counted(len(c.Upstreams), "upstream"), counted(len(c.Sites), "site"))
			}
			return nil
		},
	}
}

func (g *gatewayFlags) print() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "print [FILE]",
		Short: "Print a configuration with every default filled in",
		Long: `print shows a configuration as it is in force, with every default filled in. Without
a file it makes one of --listen and --to: the way to a first gateway.yaml.`,
		Example: `  goodgate gateway print gateway.yaml
  goodgate gateway print --listen :8080 --to http://127.0.0.1:3000 > gateway.yaml`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeYAML,
		RunE: func(cmd *cobra.Command, args []string) error {
			var c *config.Config
			var err error
			switch {
			case len(args) == 0:
				c, err = g.load(cmd)
			case len(g.listen)+len(g.to) > 0:
				err = usage(cmd, errors.New("the file stands alone: --listen and --to belong into it"))
			default:
				c, err = readConfig(args[0])
			}
			if err != nil {
				return err
			}
			b, err := c.Print()
			if err != nil {
				return err
			}
			_, err = g.Stdout.Write(b)
			return err
		},
	}
	g.lineFlags(cmd)
	return cmd
}

func (g *gatewayFlags) schema() *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Example: "  goodgate gateway schema > gateway.schema.json",
		Short:   "Print the JSON Schema of the configuration file",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b, err := config.Schema()
			if err != nil {
				return err
			}
			_, err = g.Stdout.Write(b)
			return err
		},
	}
}

// readConfig reads a file that another process uses, or nobody yet: the files that
// it names need not be here.
func readConfig(path string) (*config.Config, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, noConfig(fmt.Errorf("cannot read the configuration: %w", err))
	}
	return config.Parse(b, path)
}

// checkedConfig reads a file with all that it names.
func checkedConfig(path string) (*config.Config, error) {
	c, err := config.Load(path)
	return c, noConfig(err)
}

// noConfig says how to come by a first configuration where there is none.
func noConfig(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return withHint(err, "goodgate gateway print --listen :8080 --to http://127.0.0.1:3000 > gateway.yaml")
	}
	return err
}

// completeYAML offers configuration files.
func completeYAML(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}
