package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/goccy/go-yaml"
)

// Print returns c as YAML, every default filled in.
func (c *Config) Print() ([]byte, error) {
	b, err := yaml.MarshalWithOptions(c, yaml.Indent(2), yaml.IndentSequence(true))
	if err != nil {
		return nil, fmt.Errorf("cannot print the configuration: %w", err)
	}
	return b, nil
}

// Schema returns the JSON Schema (draft 2020-12) of a configuration file, for
// editors and checks.
func Schema() ([]byte, error) {
	root := schemaOf(reflect.TypeFor[Config]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "goodgate gateway.yaml"
	b, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("cannot print the schema: %w", err)
	}
	return append(b, '\n'), nil
}

func schemaOf(t reflect.Type) map[string]any {
	if t == reflect.TypeFor[time.Duration]() {
		return map[string]any{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem())
	case reflect.Struct:
		props, must := map[string]any{}, []string{}
		for _, k := range keysOf(t) {
			s := schemaOf(k.typ)
			s["description"] = k.doc
			props[k.name] = s
			if k.must {
				must = append(must, k.name)
			}
		}
		return map[string]any{"type": "object", "properties": props, "required": must, "additionalProperties": false}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem())}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer", "minimum": 0}
	case reflect.Float64:
		return map[string]any{"type": "number", "minimum": 0}
	}
	return map[string]any{"type": "string"}
}
