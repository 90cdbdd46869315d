package render

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
)

// loadChart reads the chart at dir, as `helm template` would.
func (t *tree) loadChart(ctx context.Context, dir string) (*chart.Chart, error) {
	files, err := t.chart(ctx, dir)
	if err != nil {
		return nil, err
	}
	if files, err = t.unpack(files); err != nil {
		return nil, err
	}
	loaded, err := loader.LoadFiles(files)
	if err != nil {
		return nil, fmt.Errorf("load the chart: %w", err)
	}
	if err := sameNames(loaded, ""); err != nil {
		return nil, err
	}
	sortDependencies(loaded)
	if kind := loaded.Metadata.Type; kind != "" && kind != "application" {
		return nil, fmt.Errorf("it is a chart of type %s, and only those of type application can be installed", kind)
	}
	return loaded, missingDependencies(loaded, "")
}

// sortDependencies puts subcharts in the order of their names: Helm's loader gives them in any order, and so the
// CustomResourceDefinitions of several would come in any order.
func sortDependencies(c *chart.Chart) {
	sorted := slices.Clone(c.Dependencies())
	slices.SortStableFunc(sorted, func(a, b *chart.Chart) int { return strings.Compare(a.Name(), b.Name()) })
	c.SetDependencies(sorted...)
	for _, dependency := range sorted {
		sortDependencies(dependency)
	}
}

// sameNames refuses a chart with several subcharts of one name where nothing says which counts: Helm's loader gives them in
// any order, and one would win by chance, another the next time. Several versions are told from each other by what
// Chart.yaml says of them.
func sameNames(c *chart.Chart, of string) error {
	for _, wanted := range c.Metadata.Dependencies {
		fitting := subcharts(c, func(d *chart.Chart) bool { return fits(d, wanted) })
		if len(fitting) > 1 {
			return fmt.Errorf("%scharts/ holds %s, which all are what %s names: remove all but one", of, strings.Join(fitting, ", "), chartutil.ChartfileName)
		}
	}
	for _, dependency := range c.Dependencies() {
		unnamed := subcharts(c, func(d *chart.Chart) bool {
			return d.Name() == dependency.Name() && !slices.ContainsFunc(c.Metadata.Dependencies, func(wanted *chart.Dependency) bool {
				return fits(d, wanted)
			})
		})
		if len(unnamed) > 1 {
			return fmt.Errorf("%scharts/ holds %s, and nothing says which counts: remove all but one", of, strings.Join(unnamed, ", "))
		}
		if err := sameNames(dependency, of+"charts/"+dependency.Name()+"/"); err != nil {
			return err
		}
	}
	return nil
}

// subcharts names those that are meant, with their versions.
func subcharts(c *chart.Chart, meant func(*chart.Chart) bool) []string {
	var names []string
	for _, dependency := range c.Dependencies() {
		if meant(dependency) {
			names = append(names, dependency.Name()+" "+dependency.Metadata.Version)
		}
	}
	slices.Sort(names)
	return names
}

// fits says whether a subchart is one that Chart.yaml names, as Helm sees it.
func fits(c *chart.Chart, wanted *chart.Dependency) bool {
	return c.Name() == wanted.Name && chartutil.IsCompatibleRange(wanted.Version, c.Metadata.Version)
}

// missingDependencies refuses a chart that lacks a chart it names. Helm's engine would render it without, and what the
// dependency brought before would be pruned.
func missingDependencies(c *chart.Chart, of string) error {
	var missing []string
	for _, wanted := range c.Metadata.Dependencies {
		found := slices.ContainsFunc(c.Dependencies(), func(d *chart.Chart) bool { return d.Name() == wanted.Name })
		if !found {
			missing = append(missing, strings.TrimSpace(wanted.Name+" "+wanted.Version))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return fmt.Errorf("%s%s names dependencies that its charts/ lacks: %s: run `helm dependency build` and commit charts/",
		of, chartutil.ChartfileName, strings.Join(missing, ", "))
}

// missingBelow looks for missing dependencies at every level, once those that are disabled are gone.
func missingBelow(c *chart.Chart, of string) error {
	if err := missingDependencies(c, of); err != nil {
		return err
	}
	for _, dependency := range c.Dependencies() {
		if err := missingBelow(dependency, of+"charts/"+dependency.Name()+"/"); err != nil {
			return err
		}
	}
	return nil
}

// unpack replaces subcharts that are archives by the files in them, archives in archives included. Helm would unpack them
// itself, but each up to its own bound.
func (t *tree) unpack(files []*archive.BufferedFile) ([]*archive.BufferedFile, error) {
	var unpacked []*archive.BufferedFile
	for _, file := range files {
		if !isArchive(file.Name) {
			unpacked = append(unpacked, file)
			continue
		}
		inside, err := archive.LoadArchiveFiles(bytes.NewReader(file.Data))
		if err != nil {
			return nil, fmt.Errorf("unpack %s: %w", file.Name, err)
		}
		folder := strings.TrimSuffix(file.Name, archiveSuffix)
		for _, packed := range inside {
			if err := t.read.spend(len(packed.Data)); err != nil {
				return nil, fmt.Errorf("unpack %s: %w", file.Name, err)
			}
			packed.Name = folder + "/" + packed.Name
		}
		if slices.ContainsFunc(files, func(other *archive.BufferedFile) bool { return strings.HasPrefix(other.Name, folder+"/") }) {
			return nil, fmt.Errorf("%s and %s are the same subchart, packed and unpacked: remove one", file.Name, folder)
		}
		if inside, err = t.unpack(inside); err != nil {
			return nil, err
		}
		unpacked = append(unpacked, inside...)
	}
	return unpacked, nil
}

const archiveSuffix = ".tgz"

// isArchive says whether Helm takes a file for a packed subchart: charts/x.tgz, charts/y/charts/x.tgz.
func isArchive(name string) bool {
	rest := name
	for {
		inside, found := strings.CutPrefix(rest, "charts/")
		if !found {
			return false
		}
		first, below, nested := strings.Cut(inside, "/")
		if first == "" || strings.IndexAny(first, "_.") == 0 {
			return false
		}
		if !nested {
			return strings.HasSuffix(first, archiveSuffix)
		}
		rest = below
	}
}
