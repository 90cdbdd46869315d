package render

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
)

// executeChart executes the templates of a chart, and returns what they make by the name of the file.
func executeChart(ctx context.Context, c *chart.Chart, values map[string]any, src Source, caps Capabilities) (map[string]string, error) {
	if err := chartutil.ValidateReleaseName(src.Helm.ReleaseName); err != nil {
		return nil, fmt.Errorf("release name %q: %w", src.Helm.ReleaseName, err)
	}
	capabilities, err := capabilitiesOf(src.Helm, caps)
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
	release := common.ReleaseOptions{Name: src.Helm.ReleaseName, Namespace: cmp.Or(src.Helm.Namespace, src.Namespace), Revision: 1, IsInstall: true}
	top, err := util.ToRenderValuesWithSchemaValidation(c, values, release, capabilities, true)
	if err != nil {
		return nil, fmt.Errorf("values: %w", err)
	}
	if merged, _ := top["Values"].(common.Values); !src.Helm.SkipSchemaValidation {
		if err := validate(c, merged); err != nil {
			return nil, err
		}
	}
	// No client: `lookup` finds nothing. No name is resolved.
	return engine.Engine{CustomTemplateFuncs: bounded(ctx)}.RenderWithContext(ctx, c, top)
}

// capabilitiesOf are Helm's capabilities: the cluster's, unless the source says others.
func capabilitiesOf(said Helm, caps Capabilities) (*common.Capabilities, error) {
	capabilities := common.DefaultCapabilities.Copy()
	if given := cmp.Or(said.KubeVersion, caps.KubeVersion); given != "" {
		version, err := common.ParseKubeVersion(given)
		if err != nil {
			return nil, fmt.Errorf("the version of Kubernetes %q: %w", given, err)
		}
		capabilities.KubeVersion = *version
	}
	switch {
	case len(said.APIVersions) > 0:
		capabilities.APIVersions = slices.Concat(capabilities.APIVersions, said.APIVersions)
	case len(caps.APIVersions) > 0:
		capabilities.APIVersions = caps.APIVersions
	}
	return capabilities, nil
}
