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
	root := schemaOf(yamlKey{typ: reflect.TypeFor[Config]()})
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "goodgate gateway.yaml"
	b, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("cannot print the schema: %w", err)
	}
	return append(b, '\n'), nil
}

// schemaOf is the schema of one value. It refuses what shape refuses, as far as a
// schema can say it.
func schemaOf(k yamlKey) map[string]any {
	if k.typ == reflect.TypeFor[time.Duration]() {
		s := map[string]any{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`}
		if k.nonzero {
			s["not"] = map[string]any{"pattern": `^[0.nuµmsh]*$`}
		}
		return s
	}
	of := func(t reflect.Type) map[string]any {
		k := k
		k.typ = t
		return schemaOf(k)
	}
	switch k.typ.Kind() {
	case reflect.Pointer:
		return of(k.typ.Elem())
	case reflect.Struct:
		props, must := map[string]any{}, []string{}
		for _, k := range keysOf(k.typ) {
			s := schemaOf(k)
			s["description"] = k.doc
			props[k.name] = s
			if k.must {
				must = append(must, k.name)
			}
		}
		return map[string]any{"type": "object", "properties": props, "required": must, "additionalProperties": false}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": of(k.typ.Elem())}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": of(k.typ.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return k.numbers("integer")
	case reflect.Float64:
		return k.numbers("number")
	}
	s := map[string]any{"type": "string"}
	if len(k.one) > 0 {
		s["enum"] = k.one
	}
	return s
}

func (k yamlKey) numbers(kind string) map[string]any {
	s := map[string]any{"type": kind, "minimum": k.least}
	if k.nonzero && k.least == 0 {
		s["exclusiveMinimum"] = 0
	}
	if k.most > 0 {
		s["maximum"] = k.most
	}
	return s
}
