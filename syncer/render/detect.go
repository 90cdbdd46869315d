package render

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"sigs.k8s.io/kustomize/api/konfig"
)

// Type is a kind of source.
type Type string

// Kinds of source.
const (
	TypeHelm      Type = "Helm"
	TypeKustomize Type = "Kustomize"
	TypeDirectory Type = "Directory"
)

// kindOf says what the path is, as Argo CD does: what the source says; otherwise a kustomization if it holds one, a chart if
// it holds Chart.yaml, and else a directory of manifests. A folder with both is a kustomization, as with Argo CD.
//
// What the source says must fit: a chart needs Chart.yaml and a kustomization one of its files.
func (t *tree) kindOf(dir string, said Type) (Type, error) {
	if info, err := t.check(dir); errors.Is(err, fs.ErrNotExist) {
		return "", missing{err.Error() + ": correct source.path, or add it"}
	} else if err != nil {
		return "", err
	} else if !info.IsDir() {
		return "", errors.New("it is a file: a path names the folder of a Helm chart, of a kustomization or of manifests")
	}
	entries, err := fs.ReadDir(t.fsys, dir)
	if err != nil {
		return "", reading(err, dir)
	}
	found := detect(entries)
	switch {
	case said == "" && found != TypeDirectory:
		return found, nil
	case said == "":
		return found, holdsManifests(t.fsys, dir, entries)
	case said == TypeHelm && !holds(entries, chartutil.ChartfileName):
		return "", fmt.Errorf("source.helm says that it is a Helm chart, and it holds no %s but %s: correct source.path, or leave out source.helm",
			chartutil.ChartfileName, contentsOf(entries))
	case said == TypeKustomize && found != TypeKustomize:
		return "", fmt.Errorf("source.kustomize says that it is a kustomization, and it holds no %s but %s: correct source.path, or leave out source.kustomize",
			konfig.DefaultKustomizationFileName(), contentsOf(entries))
	default:
		return said, nil
	}
}

// detect says what a folder with these entries is.
func detect(entries []fs.DirEntry) Type {
	switch {
	case holds(entries, konfig.RecognizedKustomizationFileNames()...):
		return TypeKustomize
	case holds(entries, chartutil.ChartfileName):
		return TypeHelm
	default:
		return TypeDirectory
	}
}

// holds says whether one of the names is there, and no folder.
func holds(entries []fs.DirEntry, names ...string) bool {
	return slices.ContainsFunc(entries, func(entry fs.DirEntry) bool {
		return !entry.IsDir() && slices.Contains(names, entry.Name())
	})
}

// holdsManifests refuses a folder that nobody has said to be a directory of manifests, that holds none, and whose folders
// do: rendered to nothing it would look as if all were well.
func holdsManifests(fsys fs.FS, dir string, entries []fs.DirEntry) error {
	if slices.ContainsFunc(entries, isManifest) {
		return nil
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		below, err := fs.ReadDir(fsys, path.Join(dir, entry.Name()))
		if err != nil {
			return reading(err, path.Join(dir, entry.Name()))
		}
		if slices.ContainsFunc(below, isManifest) {
			return fmt.Errorf("it holds no Chart.yaml, no kustomization.yaml and no manifest itself, and its folder %s holds some: "+
				"correct source.path, or set source.directory.recurse", entry.Name())
		}
	}
	return nil
}

// maxListed is the number of names that an error lists.
const maxListed = 5

// contentsOf names what is in a folder, for an error.
func contentsOf(entries []fs.DirEntry) string {
	if len(entries) == 0 {
		return "nothing"
	}
	names := make([]string, 0, maxListed+1)
	for _, entry := range entries {
		if len(names) == maxListed {
			names = append(names, "...")
			break
		}
		name := entry.Name()
		if entry.IsDir() {
			name += "/"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}
