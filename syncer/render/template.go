package render

import (
	"context"
	"fmt"

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
	return engine.Engine{CustomTemplateFuncs: bounded(ctx)}.RenderWithContext(ctx, c, top)
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
