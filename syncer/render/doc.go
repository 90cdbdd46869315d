// Package render turns a path of a repository into the Kubernetes objects that it declares: a Helm chart as `helm template
// --include-crds` prints it, a kustomization as `kustomize build` does, and a directory of manifests as it is. In process,
// from a file system, with no cluster and no checkout.
//
// It knows charts, values, capabilities, kustomizations and manifests. It must never know a live cluster beyond its capabilities, nor where the file
// system comes from.
//
// Everything that is read is somebody else's: the number and size of files, the number of objects and the time are
// bounded, nothing outside of the file system is read, no symbolic link is followed, no network is used.
package render
