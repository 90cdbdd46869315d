package v1alpha1_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// TestWhatIsAcceptedCanBeRead holds that nothing is stored that the types can't hold: one such object keeps the controller from
// reading all of its kind.
func TestWhatIsAcceptedCanBeRead(t *testing.T) {
	t.Parallel()
	fields := map[string]string{
		"timeout":     appHead + "spec:\n  source: {repositoryRef: {name: r}}\n  timeout: %s\n" + appRest,
		"duration":    appHead + "spec:\n  source: {repositoryRef: {name: r}}\n  syncPolicy: {retry: {backoff: {duration: %s}}}\n" + appRest,
		"maxDuration": appHead + "spec:\n  source: {repositoryRef: {name: r}}\n  syncPolicy: {retry: {backoff: {maxDuration: %s}}}\n" + appRest,
		"factor":      appHead + "spec:\n  source: {repositoryRef: {name: r}}\n  syncPolicy: {retry: {backoff: {factor: %s}}}\n" + appRest,
		"limit":       appHead + "spec:\n  source: {repositoryRef: {name: r}}\n  syncPolicy: {retry: {limit: %s}}\n" + appRest,
		"history":     appHead + "spec:\n  source: {repositoryRef: {name: r}}\n  revisionHistoryLimit: %s\n" + appRest,
		"count":       appHead + "spec:\n  source: {repositoryRef: {name: r}, kustomize: {replicas: [{name: a, count: %s}]}}\n" + appRest,
		"values":      appHead + "spec:\n  source: {repositoryRef: {name: r}, helm: {valuesObject: %s}}\n" + appRest,
		"interval":    repositoryHead + "spec: {url: 'https://git.example.com/config.git', interval: %s}\n",
		"gitTimeout":  repositoryHead + "spec: {url: 'https://git.example.com/config.git', timeout: %s}\n",
		"scans":       policyHead + "spec:\n  image: registry.example.com/www\n  interval: %s\n" + policyRest,
		"scanTimeout": policyHead + "spec:\n  image: registry.example.com/www\n  timeout: %s\n" + policyRest,
		"minimumAge":  policyHead + "spec:\n  image: registry.example.com/www\n  minimumAge: %s\n" + policyRest,
	}
	values := []string{
		`"5"`, `"300"`, `""`, `"x"`, `"1d"`, `"-5m"`, `"+5m"`, `".5m"`, `"5.m"`, `"1h.5m"`, `"5m "`, `"1e3s"`, `"99999999h"`, `"9999999999999999999999s"`, `"5µs"`, `"5ns"`,
		`5`, `-1`, `3.5`, `99999999999`, `1e30`, `1e3`, `true`, `{}`, `{"a": 99999999999999999999}`, `[]`, `null`,
	}
	for field, manifest := range fields {
		t.Run(field, func(t *testing.T) {
			t.Parallel()
			for _, value := range values {
				stored, err := create(t, fmt.Sprintf(manifest, value))
				if err != nil {
					continue
				}
				data, err := json.Marshal(stored.Object)
				if err != nil {
					t.Fatal(err)
				}
				var read any = &v1alpha1.Application{}
				switch stored.GetKind() {
				case "ConfigRepository":
					read = &v1alpha1.ConfigRepository{}
				case "ImagePolicy":
					read = &v1alpha1.ImagePolicy{}
				}
				if err := json.Unmarshal(data, read); err != nil {
					t.Errorf("%s is stored, and can't be read: %v", value, err)
				}
			}
		})
	}
}
