package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/recur-go/recur/serve"
)

// started checks a command line that a file starts the program with.
func started(t *testing.T, file string, args []string) {
	t.Helper()
	if err := unknown(strings.Join(args, " ")); err != "" {
		t.Errorf("%s: recur %s: %s", file, strings.Join(args, " "), err)
	}
	root := newRoot()
	cmd, rest, err := root.Find(args)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if err := cmd.ParseFlags(rest); err != nil {
		t.Errorf("%s: recur %s: %v", file, strings.Join(args, " "), err)
	}
}

// graceOf is how long a server has to end by its own flags.
func graceOf(t *testing.T, args []string) time.Duration {
	cmd, f := serveCommand()
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	if err := f.check(); err != nil {
		t.Error(err)
	}
	return f.grace
}

func TestComposeFile(t *testing.T) {
	const name = "deploy/compose.yaml"
	type service struct {
		Command     []string
		Ports       []string
		Volumes     []string
		Secrets     []string
		Healthcheck struct{ Test []string }
		Grace       string `yaml:"stop_grace_period"`
		User        string
		Build       string
	}
	var file struct {
		Services map[string]service
		Volumes  map[string]any
		Secrets  map[string]any
	}
	if err := yaml.Unmarshal([]byte(document(t, name)), &file); err != nil {
		t.Fatal(err)
	}
	s, ok := file.Services["recur"]
	if !ok {
		t.Fatal("there is no service recur")
	}
	started(t, name, s.Command)
	if check := s.Healthcheck.Test; len(check) < 3 || check[0] != "CMD" || check[1] != "/recur" {
		t.Errorf("the check is %q", check)
	} else {
		started(t, name, check[2:])
	}
	if d, err := time.ParseDuration(s.Grace); err != nil || d <= graceOf(t, s.Command) {
		t.Errorf("it is killed after %v, before its sessions are saved", d)
	}
	for _, secret := range s.Secrets {
		if _, ok := file.Secrets[secret]; !ok {
			t.Errorf("there is no secret %s", secret)
		}
	}
	for _, v := range s.Volumes {
		if from, _, _ := strings.Cut(v, ":"); !strings.HasPrefix(from, ".") {
			if _, ok := file.Volumes[from]; !ok {
				t.Errorf("there is no volume %s", from)
			}
		}
	}
}

func TestKubernetesManifest(t *testing.T) {
	const name = "deploy/kubernetes.yaml"
	type probe struct {
		HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
	}
	type object struct {
		Kind string
		Spec struct {
			Selector map[string]any
			Ports    []struct {
				TargetPort string `yaml:"targetPort"`
			}
			Replicas int
			Claims   []struct{ Metadata struct{ Name string } } `yaml:"volumeClaimTemplates"`
			Template struct {
				Metadata struct{ Labels map[string]string }
				Spec     struct {
					Grace      int `yaml:"terminationGracePeriodSeconds"`
					Volumes    []struct{ Name string }
					Containers []struct {
						Args  []string
						Ports []struct {
							Name          string
							ContainerPort int `yaml:"containerPort"`
						}
						Startup   probe                   `yaml:"startupProbe"`
						Readiness probe                   `yaml:"readinessProbe"`
						Liveness  probe                   `yaml:"livenessProbe"`
						Mounts    []struct{ Name string } `yaml:"volumeMounts"`
					}
				}
			}
		}
	}
	kinds := map[string]object{}
	for d := yaml.NewDecoder(strings.NewReader(document(t, name))); ; {
		var o object
		err := d.Decode(&o)
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		kinds[o.Kind] = o
	}
	if len(kinds) != 2 {
		t.Fatalf("%d kinds of objects", len(kinds))
	}
	pod := kinds["StatefulSet"].Spec.Template.Spec
	c := pod.Containers[0]
	started(t, name, c.Args)
	if grace := graceOf(t, c.Args); time.Duration(pod.Grace)*time.Second <= grace {
		t.Errorf("it is killed after %d s, before its sessions are saved", pod.Grace)
	}
	ports := map[string]bool{}
	for _, p := range c.Ports {
		ports[p.Name] = true
		if !regexp.MustCompile(`=0\.0\.0\.0:` + strconv.Itoa(p.ContainerPort) + `\b`).MatchString(strings.Join(c.Args, " ")) {
			t.Errorf("nothing listens on port %d", p.ContainerPort)
		}
	}
	s := serve.New(serve.Options{Tokens: []serve.Token{{Name: "a", Secret: "b"}}})
	for _, p := range []probe{c.Startup, c.Readiness, c.Liveness} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", p.HTTPGet.Path, nil)
		r.Host = "10.0.0.7:8000" // of the pod
		s.HTTP().Handler.ServeHTTP(w, r)
		if w.Code != 200 || !ports[p.HTTPGet.Port] {
			t.Errorf("the probe of %s on port %s gets %d", p.HTTPGet.Path, p.HTTPGet.Port, w.Code)
		}
	}
	volumes := map[string]bool{}
	for _, v := range pod.Volumes {
		volumes[v.Name] = true
	}
	for _, v := range kinds["StatefulSet"].Spec.Claims {
		volumes[v.Metadata.Name] = true
	}
	for _, m := range c.Mounts {
		if !volumes[m.Name] {
			t.Errorf("there is no volume %s", m.Name)
		}
	}
	for _, p := range kinds["Service"].Spec.Ports {
		if !ports[p.TargetPort] {
			t.Errorf("the service is of a port %q that there is not", p.TargetPort)
		}
	}
}

func TestSystemdUnit(t *testing.T) {
	const name = "deploy/recur.service"
	unit := map[string]string{}
	for line := range strings.Lines(document(t, name)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(line, "#") {
			unit[key] = value
		}
	}
	program, args, _ := strings.Cut(unit["ExecStart"], " ")
	if program != "/usr/bin/recur" {
		t.Errorf("it starts %s", program)
	}
	started(t, name, strings.Fields(args))
	if d, err := time.ParseDuration(unit["TimeoutStopSec"] + "s"); err != nil || d <= graceOf(t, strings.Fields(args)) {
		t.Errorf("it is killed after %v, before its sessions are saved", d)
	}
	if unit["Type"] != "notify-reload" || unit["WatchdogSec"] == "" {
		t.Error("systemd is not told of its state")
	}
}

func TestDockerfileChecks(t *testing.T) {
	text := []byte(document(t, "Dockerfile"))
	m := regexp.MustCompile(`(?m)^HEALTHCHECK .* CMD (\[.*\])$`).FindSubmatch(text)
	var check []string
	if m == nil || json.Unmarshal(m[1], &check) != nil || len(check) < 2 || check[0] != "/recur" {
		t.Fatalf("the check is %q", m)
	}
	started(t, "Dockerfile", check[1:])
	if !bytes.Contains(text, []byte("\nEXPOSE 8000\n")) || !strings.HasSuffix(defaultServer, ":8000") {
		t.Error("the port of the image is not that of the server")
	}
}
