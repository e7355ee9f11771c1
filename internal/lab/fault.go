package lab

import "github.com/goodgatehq/goodgate/internal/vocab"

// start builds a scene on a bench, and breaks it.
type start = func(b *Bench) (Scene, error)

// fault is a fault in the words of its product: behind completes it.
func fault(name, doc string, cause vocab.Cause, symptom vocab.Symptom, status int, start start) Fault {
	return Fault{Name: name, Doc: doc, Cause: cause, Symptom: symptom, Status: status, Start: start}
}

// healthy is a scene in which nothing is broken.
func healthy(name, doc string, status int, start start) Fault {
	return Fault{Name: name, Doc: doc, Status: status, Healthy: true, Start: start}
}

// behind puts faults behind a product: it has their names begin with its own, and
// adds the programs that it needs.
func behind(product string, programs []string, groups ...[]Fault) []Fault {
	var all []Fault
	for _, group := range groups {
		for _, f := range group {
			f.Gateway, f.Name = product, product+"-"+f.Name
			f.Needs = append(append([]string{}, programs...), f.Needs...)
			all = append(all, f)
		}
	}
	return all
}

func (f Fault) needs(more ...string) Fault {
	f.Needs = append(append([]string{}, f.Needs...), more...)
	return f
}

// onNginx completes a fault that stands behind nginx, whose name no fault has.
func (f Fault) onNginx() Fault {
	f.Needs = append([]string{"nginx"}, f.Needs...)
	return f
}

func (f Fault) status(s int) Fault {
	f.Status = s
	return f
}

func (f Fault) symptom(s vocab.Symptom) Fault {
	f.Symptom = s
	return f
}

// sees says what the gateway sees, and what its client gets.
func (f Fault) sees(symptom vocab.Symptom, status int) Fault {
	return f.symptom(symptom).status(status)
}

func (f Fault) orSymptom(more ...vocab.Symptom) Fault {
	f.OrSymptom = append(append([]vocab.Symptom{}, f.OrSymptom...), more...)
	return f
}

func (f Fault) orStatus(more ...int) Fault {
	f.OrStatus = append(append([]int{}, f.OrStatus...), more...)
	return f
}

func (f Fault) also(causes ...vocab.Cause) Fault {
	f.Also = append(append([]vocab.Cause{}, f.Also...), causes...)
	return f
}

// comesAndGoes says that requests fail now and then.
func (f Fault) comesAndGoes() Fault {
	f.Intermittent = true
	return f
}

// called gives a fault that many products share another name behind one of them.
func (f Fault) called(name string) Fault {
	f.Name = name
	return f
}

// says has the fault described in a product's words.
func (f Fault) says(doc string) Fault {
	f.Doc = doc
	return f
}

// withConfig lets the operator name the configuration: nothing that runs leads
// to it.
func (f Fault) withConfig() Fault {
	f.Args = append(f.Args, "--config", ConfigArg)
	return f
}

// ConfigArg stands for Scene.Config in Fault.Args.
const ConfigArg = "{config}"
