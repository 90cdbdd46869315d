package stack

import (
	"context"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

//go:embed testdata/sample all:testdata/config
var sampleFiles embed.FS

// Services of the sample, with the tags that the config repository begins with.
var Services = []Service{{Name: "www", Tag: "v1.0.35"}, {Name: "api", Tag: "v1.4.2"}, {Name: "ws", Tag: "v1.2.0"}} //nolint:gochecknoglobals // a table

// Service is a microservice of the sample.
type Service struct {
	// Name of the Deployment, the ImagePolicy and, below web-hook/, the image.
	Name string
	// Tag that it begins with.
	Tag string
}

// seed makes the config repository.
func (s *Stack) seed(ctx context.Context) error {
	repository, err := s.Git.Init(ctx, "web-hook/config.git", s.WriteSample)
	s.Repository = repository
	return err
}

// WriteSample is a Change that writes the files that the config repository begins with; apps/webhooks is the chart. Its
// images are named after the stack's registry.
func (s *Stack) WriteSample(dir string) error {
	const root = "testdata/config"
	return fs.WalkDir(sampleFiles, root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := sampleFiles.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		text := strings.ReplaceAll(string(data), "registry.example.com", s.Registry.Address())
		return WriteFile(strings.TrimPrefix(path, root+"/"), text)(dir)
	})
}

// Secrets are the manifests of Secret git (basic auth), of Secrets registry and registry-other (dockerconfigjson), one for
// each account, and of Secret registry-hook, the webhook that the registry's notifications are posted to.
func (s *Stack) Secrets() string { return s.manifest("secrets.yaml", nil) }

// ConfigRepository is the manifest of ConfigRepository config, whose head is looked at every interval.
func (s *Stack) ConfigRepository(interval time.Duration) string {
	return s.manifest("configrepository.yaml", map[string]string{"INTERVAL": interval.String()})
}

// ImagePolicy is the manifest of a service's ImagePolicy, scanned every interval (at least 5 s).
func (s *Stack) ImagePolicy(service string, interval time.Duration) string {
	return s.manifest("imagepolicy.yaml", map[string]string{"SERVICE": service, "INTERVAL": interval.String()})
}

// Application is the manifest of Application webhooks.
func (s *Stack) Application() string { return s.manifest("application.yaml", nil) }

// Sample is all of it: Secrets, ConfigRepository, an ImagePolicy for each of Services, Application.
func (s *Stack) Sample(interval time.Duration) string {
	parts := []string{s.Secrets(), s.ConfigRepository(interval)}
	for _, service := range Services {
		parts = append(parts, s.ImagePolicy(service.Name, interval))
	}
	return strings.Join(append(parts, s.Application()), "---\n")
}

// PushSample pushes the images that the config repository names.
func (s *Stack) PushSample(ctx context.Context) error {
	for _, service := range Services {
		if _, err := s.Registry.PushImage(ctx, "web-hook/"+service.Name, service.Tag); err != nil {
			return err
		}
	}
	return nil
}

// Variables are what the manifests and transcripts name as ${NAME}. Certificates, keys and known hosts are in base64, as the
// data of a Secret is.
func (s *Stack) Variables() map[string]string {
	return map[string]string{
		"REGISTRY":          s.Registry.Address(),
		"REGISTRY_USERNAME": s.Registry.Username,
		"REGISTRY_PASSWORD": s.Registry.Password,
		"OTHER_USERNAME":    s.Registry.Other.Username,
		"OTHER_PASSWORD":    s.Registry.Other.Password,
		"REGISTRY2":         s.Registry.Second.Address(),
		"REGISTRY_TLS":      s.Registry.Secure.Address(),
		"TLS_CA":            encode(s.Registry.Secure.CA),
		"TLS_CERTIFICATE":   encode(s.Registry.Secure.Certificate),
		"TLS_KEY":           encode(s.Registry.Secure.Key),
		"NOTIFY_TOKEN":      s.Notifications.Token,
		"GIT_URL":           s.Repository.URL,
		"GIT_CLONE_URL":     s.Repository.CloneURL(),
		"GIT_DIR":           s.Repository.Dir,
		"GIT_USERNAME":      s.Git.Username,
		"GIT_PASSWORD":      s.Git.Password,
		"SSH_IDENTITY":      encode(s.Git.SSH.Identity),
		"SSH_KNOWN":         encode(s.Git.SSH.KnownHosts),
		"SSH_OTHER":         encode(s.Git.SSH.WrongKnownHosts),
		"WIRE_URL":          s.Wire.URL(),
		"SSH_SHOWN":         s.Git.SSH.Fingerprint,
		"SSH_EXPECTED":      s.Git.SSH.WrongFingerprint,
		"KUBECONFIG":        s.Kubeconfig,
	}
}

func encode(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func (s *Stack) manifest(file string, more map[string]string) string {
	data, err := sampleFiles.ReadFile("testdata/sample/" + file)
	if err != nil {
		panic(err) // embedded: it is there or nothing compiles
	}
	variables := s.Variables()
	return os.Expand(string(data), func(name string) string {
		if value, ok := more[name]; ok {
			return value
		}
		return variables[name]
	})
}
