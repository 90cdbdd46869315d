package render

import (
	"context"
	"fmt"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"
)

// manifest is a YAML document, or several, and the file that it came from.
type manifest struct{ file, content string }

// executeChart executes the templates of a chart, and returns what they make in the order of `helm template`.
func executeChart(ctx context.Context, c *chart.Chart, values map[string]any, src Source, caps Capabilities) ([]manifest, error) {
	if err := chartutil.ValidateReleaseName(src.Helm.ReleaseName); err != nil {
		return nil, fmt.Errorf("release name %q: %w", src.Helm.ReleaseName, err)
	}
	capabilities, err := capabilitiesOf(caps)
	if err != nil {
		return nil, err
	}
	if wanted := c.Metadata.KubeVersion; wanted != "" && !chartutil.IsCompatibleRange(wanted, capabilities.KubeVersion.String()) {
		return nil, fmt.Errorf("the chart requires Kubernetes %s, and the cluster has %s", wanted, capabilities.KubeVersion.Version)
	}
	if err := chartutil.ProcessDependencies(c, values); err != nil {
		return nil, fmt.Errorf("dependencies: %w", err)
	}
	if err := missingBelow(c, ""); err != nil {
		return nil, err
	}
	release := common.ReleaseOptions{Name: src.Helm.ReleaseName, Namespace: src.Namespace, Revision: 1, IsInstall: true}
	top, err := util.ToRenderValuesWithSchemaValidation(c, values, release, capabilities, true)
	if err != nil {
		return nil, fmt.Errorf("values: %w", err)
	}
	merged, _ := top["Values"].(common.Values)
	if err := validate(c, merged); err != nil {
		return nil, err
	}
	// No client: `lookup` finds nothing. No name is resolved.
	files, err := engine.Engine{CustomTemplateFuncs: bounded(ctx)}.RenderWithContext(ctx, c, top)
	if err != nil {
		return nil, err //nolint:wrapcheck // names file and line
	}
	return sortManifests(c, files)
}

// capabilitiesOf are Helm's capabilities.
func capabilitiesOf(caps Capabilities) (*common.Capabilities, error) {
	capabilities := common.DefaultCapabilities.Copy()
	if caps.KubeVersion != "" {
		version, err := common.ParseKubeVersion(caps.KubeVersion)
		if err != nil {
			return nil, fmt.Errorf("the cluster's version %q: %w", caps.KubeVersion, err)
		}
		capabilities.KubeVersion = *version
	}
	if len(caps.APIVersions) > 0 {
		capabilities.APIVersions = caps.APIVersions
	}
	return capabilities, nil
}

// notesSuffix marks files that are made for people.
const notesSuffix = "NOTES.txt"

// sortManifests puts what the templates made in the order in which `helm template --include-crds` prints it.
func sortManifests(c *chart.Chart, files map[string]string) ([]manifest, error) {
	size := 0
	for name, content := range files {
		size += len(content)
		if strings.HasSuffix(name, notesSuffix) {
			delete(files, name)
		}
	}
	if size > maxOutput {
		return nil, fmt.Errorf("the templates make more than %d MiB", maxOutput>>20)
	}
	hooks, generic, err := releaseutil.SortManifests(files, nil, releaseutil.InstallOrder)
	if err != nil {
		return nil, err //nolint:wrapcheck // names the file and the line
	}
	var sorted []manifest
	for _, crd := range c.CRDObjects() {
		for _, document := range documents(string(crd.File.Data)) {
			sorted = append(sorted, manifest{file: crd.Filename, content: document})
		}
	}
	for _, made := range generic {
		sorted = append(sorted, manifest{file: made.Name, content: made.Content})
	}
	for _, hook := range hooks {
		sorted = append(sorted, manifest{file: hook.Path, content: hook.Manifest})
	}
	return sorted, nil
}
