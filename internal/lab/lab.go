// Package lab breaks things on purpose: it builds small sites out of real
// processes (nginx, php-fpm, gunicorn, uwsgi, node and faulty backends of its
// own), puts one known fault into each among things that mislead, and takes
// everything down again. It knows nothing of the doctor that has to find the
// fault.
package lab

import (
	"context"
	"fmt"
	"sort"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Fault is one thing that can be broken. It is a value: Start may be called
// many times, each time on a Bench of its own.
type Fault struct {
	Name  string      // stable, lower case, words joined by hyphens: "hung-sigstop"
	Doc   string      // one line: what is broken
	Cause vocab.Cause // the truth; empty where Healthy

	// Symptom is what the gateway must have seen for the failing requests;
	// empty where it saw nothing wrong.
	Symptom vocab.Symptom

	// Status is what a client gets while the fault stands; 0 where it gets no
	// HTTP answer at all.
	Status int

	// OrSymptom and OrStatus are further ones, where chance decides.
	OrSymptom []vocab.Symptom
	OrStatus  []int

	// Also lists causes that are true as well, though less exact: the scopes of
	// the vocabulary. Naming one first is not right, confirming it is not wrong.
	Also []vocab.Cause

	// Needs lists what must be there: programs by name, "root", "netns".
	Needs []string

	// Gateway is the product in front; empty: nginx.
	Gateway string

	Intermittent bool     // requests fail now and then, or have failed and no longer do
	Healthy      bool     // nothing is broken
	Args         []string // what an operator would add to "diagnose URL"

	// Start builds the site on b and breaks it. It returns when the fault
	// stands and clients have met it.
	Start func(b *Bench) (Scene, error)
}

// Scene is a site with its fault in place.
type Scene struct {
	URL    string            // what an operator would diagnose
	Hosts  map[string]string // host of the URL to the address to dial for it
	Config string            // the gateway's main configuration file
	Logs   []string          // the gateway's logs
	Notes  []string          // what was done, for a person who plays
	Args   []string          // what an operator adds in this scene, beside Fault.Args

	// Enter is what an operator types before the command to be on the machine
	// that the scene plays on; empty: it is this one.
	Enter []string

	// Method, Body of the requests that fail, where GET does not.
	Method string
	Body   int // bytes

	// Stop ends every process of the scene and removes its files.
	Stop func() error

	bench *Bench
}

// Options says where and how a scene is built.
type Options struct {
	// Seed chooses ports, names, formats and decoys. The same seed gives the
	// same scene as far as ports are free.
	Seed uint64

	// Backend is the command that runs package lab/backend, such as
	// {"/usr/bin/goodgate", "lab", "backend"}.
	Backend []string

	// Gateway is the command that runs goodgate's own gateway, such as
	// {"/usr/bin/goodgate", "gateway"}; the scenes of that product need it.
	Gateway []string

	// Dir is where the scene's folder is made; empty: the system's.
	Dir string
}

// Up builds the scene of f. The caller ends it with Scene.Stop. What has been
// started is stopped again when Up fails.
func Up(ctx context.Context, f Fault, o Options) (Scene, error) {
	if missing := Missing(f); len(missing) > 0 {
		return Scene{}, &MissingError{Fault: f.Name, Needs: missing}
	}
	b, err := newBench(ctx, f.Name, o)
	if err != nil {
		return Scene{}, fmt.Errorf("cannot build scene %s: %w", f.Name, err)
	}
	s, err := f.Start(b)
	if err == nil {
		err = b.err
	}
	if err != nil {
		stopped := b.Close()
		if stopped != nil {
			return Scene{}, fmt.Errorf("cannot build scene %s: %w (and cannot clean up: %v)", f.Name, err, stopped)
		}
		return Scene{}, fmt.Errorf("cannot build scene %s: %w", f.Name, err)
	}
	s.bench = b
	s.Stop = b.Close
	return s, nil
}

// Faults returns every fault, those of one cause together, then the healthy
// scenes.
func Faults() []Fault {
	var all []Fault
	for _, group := range [][]Fault{
		downFaults(), crashFaults(), hungFaults(), slowFaults(), restartFaults(), workerFaults(), appFaults(),
		addressFaults(), permissionFaults(), limitFaults(), mismatchFaults(), tlsFaults(), keepaliveFaults(),
		dnsFaults(), configFaults(), maintenanceFaults(), networkFaults(), balancerFaults(), responseFaults(),
		clientFaults(), gatewayFaults(), hostFaults(), healthyScenes(),
		pathFaults(), idleFaults(), pathHealthy(), refusedFaults(), varnishFaults(), lighttpdFaults(), squidFaults(),
		goodgateFaults(), haproxyFaults(), surpriseFaults(), hostHealthy(), apacheFaults(), chainFaults(), traefikFaults(), caddyFaults(),
	} {
		all = append(all, group...)
	}
	return append(all, nginxNewer(all)...)
}

// Find returns the fault called name, or an error that names those like it.
func Find(name string) (Fault, error) {
	var near []string
	for _, f := range Faults() {
		if f.Name == name {
			return f, nil
		}
		if string(f.Cause) == name || f.Cause.Family() == name {
			near = append(near, f.Name)
		}
	}
	sort.Strings(near)
	if len(near) > 0 {
		return Fault{}, fmt.Errorf("cannot find fault %q: of this cause there are %v", name, near)
	}
	return Fault{}, fmt.Errorf("cannot find fault %q: \"goodgate lab list\" names them all", name)
}

// Demo returns the fault that shows the program to a newcomer: it needs nothing
// but the program itself, no root and no other product.
func Demo() Fault {
	f, err := Find("goodgate-address-other-port")
	if err != nil {
		panic("BUG: the demonstration's fault is gone: " + err.Error())
	}
	return f
}
