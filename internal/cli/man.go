package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func newMan(s *session) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "man",
		Short: "Write the manual pages",
		Long: `man prints the manual page of goodgate. With --dir it writes one page per command
into a directory.`,
		Example: `  goodgate man | man -l -
  goodgate man --dir /usr/local/share/man/man1`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			root := cmd.Root()
			root.DisableAutoGenTag = true
			header := &doc.GenManHeader{Title: "GOODGATE", Section: "1", Source: "goodgate " + buildVersion(s.Version), Manual: "goodgate"}
			if dir == "" {
				return doc.GenMan(root, header, s.Stdout)
			}
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return fmt.Errorf("cannot write the manual: %w", err)
			}
			header.Title = "" // each page has its command's
			if err := doc.GenManTree(root, header, dir); err != nil {
				return fmt.Errorf("cannot write the manual to %s: %w", dir, err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "directory to write one page per command to")
	return cmd
}
