package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/goodgatehq/goodgate/internal/report"
)

func newSchema(s *session) *cobra.Command {
	names := report.SchemaNames()
	return &cobra.Command{
		Use:   "schema NAME",
		Short: "Print the JSON Schema of an output",
		Long: `schema prints the JSON Schema (draft 2020-12) of what "-o json" prints.
Additions are made, nothing is taken away or changes its meaning within a version.

Names: ` + strings.Join(names, ", "),
		Example:           "  goodgate schema diagnosis/v1 > diagnosis.schema.json",
		Args:              exactly("the name of a schema"),
		ValidArgsFunction: fixed(names...),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := strings.TrimPrefix(args[0], "goodgate/")
			if !slices.Contains(names, name) {
				return usage(cmd, fmt.Errorf("cannot find the schema %q: there are %s", args[0], strings.Join(names, ", ")))
			}
			return report.Schema(s.Stdout, name)
		},
	}
}
