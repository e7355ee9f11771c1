package report

import (
	"cmp"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/goodgatehq/goodgate/internal/doctor"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// schemas are the types behind the names that Schema knows, in the order in
// which they are shown.
var schemas = []struct {
	name  string
	about string
	of    reflect.Type
}{
	{"diagnosis/v1", "What one examination found (goodgate diagnose -o json).", reflect.TypeFor[doctor.Diagnosis]()},
	{"logs/v1", "What a set of logs says about failures (goodgate logs -o json).", reflect.TypeFor[scan.Report]()},
	{"explanation/v1", "What words or log lines mean (goodgate explain -o json).", reflect.TypeFor[doctor.Explanation]()},
}

// SchemaNames are the outputs that have a schema.
func SchemaNames() []string {
	var names []string
	for _, s := range schemas {
		names = append(names, s.name)
	}
	return names
}

// Schema writes the JSON Schema of an output. It allows properties that it does
// not name: additions do not break who validates.
func Schema(w io.Writer, name string) error {
	for _, s := range schemas {
		if s.name != name {
			continue
		}
		schema, err := jsonschema.ForType(s.of, &jsonschema.ForOptions{TypeSchemas: wordSchemas()})
		if err != nil {
			return fmt.Errorf("cannot derive the schema %s: %w", name, err)
		}
		describe(schema, s.of)
		schema.Schema = "https://json-schema.org/draft/2020-12/schema"
		schema.Title = "goodgate/" + name
		schema.Description = s.about
		return JSON(w, schema)
	}
	return fmt.Errorf("cannot find the schema %q", name)
}

// wordSchemas are the schemas of the closed lists of words.
func wordSchemas() map[reflect.Type]*jsonschema.Schema {
	var symptoms []any
	for _, s := range vocab.Symptoms {
		symptoms = append(symptoms, string(s.ID))
	}
	return map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[vocab.Symptom](): {Type: "string", Enum: symptoms},
		reflect.TypeFor[vocab.Cause]():   {Type: "string", Pattern: `^[a-z]+/[a-z0-9-]+$`},
		reflect.TypeFor[vocab.Verdict](): {Type: "string", Enum: []any{"confirmed", "likely", "uncertain", "recovered", "healthy"}},
		reflect.TypeFor[vocab.Fact]():    {Type: "string", Pattern: `^[a-z0-9_]+$`},
		reflect.TypeFor[doctor.State]():  {Type: "string", Enum: []any{string(doctor.Good), string(doctor.Bad), string(doctor.Unclear)}},
		reflect.TypeFor[evidence.Kind](): {Type: "string"},
		reflect.TypeFor[time.Time]():     {Type: "string", Format: "date-time"},
	}
}

// describe puts into schema what t's fields mean, takes null out of lists, which
// are always written, and lets properties be added.
func describe(schema *jsonschema.Schema, t reflect.Type) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t.Kind() == reflect.Slice && schema.Items != nil:
		schema.Type, schema.Types = "array", nil
		describe(schema.Items, t.Elem())
	case t.Kind() == reflect.Struct && schema.Properties != nil:
		schema.AdditionalProperties = nil
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			property, ok := schema.Properties[name]
			if !ok {
				continue
			}
			describe(property, t.Field(i).Type)
			if pointer := t.Field(i).Type.Kind() == reflect.Pointer; pointer && len(property.Enum) > 0 {
				property.Enum = append(append([]any{}, property.Enum...), nil)
				property.Type, property.Types = "", []string{"string", "null"}
			}
			property.Description = cmp.Or(descriptions[t.Name()+"."+name], logsDescriptions[t.Name()+"."+name])
		}
	}
}

// descriptions say what each property means, by Go type and JSON name.
var descriptions = map[string]string{
	"Diagnosis.schema":       "Name and version of this form.",
	"Diagnosis.target":       "What was examined: the URL, without its secrets.",
	"Diagnosis.status":       "The status that our own request got, or else the failed ones. 0: no answer.",
	"Diagnosis.made_by":      "Who made the status. null: not known.",
	"Diagnosis.symptom":      "What the gateway saw, as RFC 9209 section 2.3 names it. null: it saw nothing wrong.",
	"Diagnosis.intermittent": "Whether the failure comes and goes.",
	"Diagnosis.verdict":      "How sure the answer is.",
	"Diagnosis.window":       "The time that was examined and what was seen in it.",
	"Diagnosis.causes":       "Causes of the worst group of failures, the most likely first. Empty when healthy.",
	"Diagnosis.others":       "Other groups of failures in the window, each with its first cause.",
	"Diagnosis.path":         "The way from the client to the upstream.",
	"Diagnosis.plan":         "What an examination would ask; only of --plan.",
	"Diagnosis.timeline":     "What happened around the first failure, by time. Nothing in it makes a cause surer.",
	"Diagnosis.items":        "Everything that was observed.",
	"Diagnosis.gaps":         "What could not be looked at.",
	"Diagnosis.next":         "What to look at next.",
	"Diagnosis.notes":        "What was done that one would not expect.",
	"Diagnosis.seconds":      "How long the examination took.",

	"Maker.product": "The product: nginx, or the upstream's.",
	"Maker.version": "Its version.",
	"Maker.hop":     "Its position in path, from 0.",

	"Window.from":     "Begin.",
	"Window.to":       "End.",
	"Window.requests": "Requests of this route, our own included.",
	"Window.failures": "Those of them that failed.",

	"Cause.id":         "The cause, family/word. Stable, never reused.",
	"Cause.confidence": "Between 0 and 1. All causes of one failure sum to less than 1.",
	"Cause.verdict":    "How sure this cause is.",
	"Cause.summary":    "One sentence that stands alone.",
	"Cause.subject":    "What the cause is about: an endpoint, a name, a route.",
	"Cause.for":        "Observations that speak for it.",
	"Cause.against":    "Observations that speak against it.",
	"Cause.fixes":      "What to change, best first.",
	"Cause.under":      "Causes that are only consequences of this one.",

	"Fix.text":    "What to do, one sentence.",
	"Fix.command": "What to run.",
	"Fix.place":   "Where the lines stand now, or would be inserted.",
	"Fix.remove":  "The line as it is.",
	"Fix.add":     "The line as it should be.",

	"Place.file":   "The file. Empty: a value that the product has by default.",
	"Place.line":   "Counts from 1.",
	"Place.column": "Counts from 1, in bytes.",
	"Place.start":  "Byte offset of the first byte.",
	"Place.end":    "Byte offset after the last byte.",

	"Group.symptom": "What the gateway saw.",
	"Group.status":  "What the client got. 0: no answer.",
	"Group.subject": "The endpoint or route.",
	"Group.count":   "How many requests.",
	"Group.verdict": "How sure its cause is.",
	"Group.cause":   "Its most likely cause. null: none.",

	"Hop.kind":    "client, gateway, upstream or name.",
	"Hop.name":    "What stands there.",
	"Hop.address": "Where it listens or was dialled.",
	"Hop.process": "The process behind the address.",
	"Hop.state":   "How it fared.",
	"Hop.seen":    "What was seen there, a short phrase each.",
	"Hop.place":   "The configuration that leads here.",
	"Hop.seconds": "Time spent there, where it was measured.",

	"Diagnosis.ladder": "Limits of gateways that follow each other on the path, compared.",
	"Rung.what":        "Which limit.",
	"Rung.front":       "That of the station in front.",
	"Rung.behind":      "That of the station behind it.",
	"Rung.inverted":    "They stand in the wrong order.",
	"Rung.why":         "What comes of it, where inverted.",
	"Limit.hop":        "The station, as in path.",
	"Limit.directive":  "In the product's own words.",
	"Limit.value":      "As written, or the product's default.",
	"Limit.number":     "Seconds or bytes. 0: no limit.",
	"Limit.place":      "File and line, or: default.",
	"Plan.steps":       "In the order in which they are taken.",
	"Plan.sends":       "Connections and packets to the network in all, at most.",
	"Plan.at_most":     "Seconds in all, at most.",
	"PlanStep.what":    "What is read or asked.",
	"PlanStep.when":    "done, always, or the condition.",
	"PlanStep.sends":   "Connections and packets to the network, at most.",
	"PlanStep.at_most": "Seconds that an answer is waited for, at most. Absent: it is read at once.",
	"PlanStep.sources": "What the answers are called in a captured case.",

	"Event.when":        "When it happened, as far as its source tells.",
	"Event.kind":        "failure, start, end, reload, config, deploy, certificate, names or log.",
	"Event.what":        "What happened, a short phrase.",
	"Event.where":       "The file, process or line that shows it.",
	"Event.offset":      "Seconds after the first failure; negative: before it.",
	"Event.count":       "How often it was seen. Absent: once.",
	"Event.just_before": "Something changed in the two minutes before the first failure: a coincidence to look at.",

	"Item.id":      "Unique in this document.",
	"Item.fact":    "What was observed.",
	"Item.absent":  "It was looked for, in a source that would show it, and is not there.",
	"Item.subject": "What the fact is about.",
	"Item.value":   "A measure or detail.",
	"Item.when":    "When it happened or was observed; of several, the last time.",
	"Item.origin":  "Where it comes from.",
	"Item.quote":   "The words that were seen there.",
	"Item.count":   "How often it was seen. Absent: once.",

	"Origin.kind":  "What sort of source: gateway_log, app_log, kernel, socket, process, file, config, dns, probe, answer or history.",
	"Origin.where": "file:line, a socket, a process, a place in a configuration.",

	"Gap.source": "What was to be looked at.",
	"Gap.why":    "Why it was not.",
	"Gap.allow":  "The command or step that would allow it.",

	"Explanation.schema":  "Name and version of this form.",
	"Explanation.symptom": "What the gateway saw, as RFC 9209 section 2.3 names it. null: nothing wrong, or not known.",
	"Explanation.verdict": "How sure the answer is. Never confirmed: nothing was asked of the host.",
	"Explanation.causes":  "Causes, the most likely first.",
	"Explanation.items":   "What the lines tell.",
	"Explanation.next":    "What to look at next.",
	"Explanation.words":   "Meanings of the words that were asked for.",
	"Explanation.unread":  "Lines that no product known here writes.",
	"Explanation.made_by": "Who made an answer that was pasted: a page, header fields.",

	"PageMaker.product": "The product; empty where only what it came through is known.",
	"PageMaker.version": "Its version, where the answer names it.",
	"PageMaker.sure":    "Whether only this product writes such an answer. false: a field of the last proxy, or words that several products write.",
	"PageMaker.also":    "Products that make the very same answer.",
	"PageMaker.edge":    "The CDN or cloud balancer that made it or passed it on.",
	"PageMaker.through": "Proxies that say they passed it on.",
	"PageMaker.detail":  "What the mark says more: a reason, an error code.",

	"Word.word":    "The word.",
	"Word.kind":    "symptom, cause, status, fact or term.",
	"Word.product": "The product whose term it is.",
	"Word.meaning": "What it means.",
	"Word.card":    "What it means, how to confirm, how to fix, how to prevent; Markdown.",
}
