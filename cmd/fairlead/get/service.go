package get

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
)

// Workload is an object that makes pods.
type Workload struct {
	// Kind, Namespace and Name name it.
	Kind, Namespace, Name string
	// Images of its containers.
	Images []string
	// Pods that it wants.
	Pods int
}

// Pod is one that runs, or is about to.
type Pod struct {
	// Self is its own name.
	Self string
	// Kind, Namespace and Name name the workload that it belongs to.
	Kind, Namespace, Name string
	// Images of its containers.
	Images []string
	Ready  bool
	// State is its phase, or why a container doesn't run: CrashLoopBackOff.
	State string
	// Created is when it was made.
	Created time.Time
}

// service is a microservice in an Application.
type service struct {
	app *v1alpha1.Application
	// image is what is deployed of it, whole; empty if nothing is.
	image    string
	deployed *Standing
	pods     *Count
	// health is that of its own objects, as far as they are known, else of the Application.
	health  v1alpha1.HealthStatusCode
	message string
	// drift says how one of its own objects differs from the revision; empty if none does.
	drift string
}

// applications are those that deploy a target, by its place in the spec: the one that it names, or those that read its file and
// run its image, or nothing yet.
func (t *teller) applications(index int) []*v1alpha1.Application {
	var found []*v1alpha1.Application
	for i := range t.objects.Applications {
		app := &t.objects.Applications[i]
		if app.Namespace == t.policy.Namespace && t.deployedBy(index, app) {
			found = append(found, app)
		}
	}
	return found
}

func (t *teller) deployedBy(index int, app *v1alpha1.Application) bool {
	if index < len(t.policy.Spec.Targets) && t.policy.Spec.Targets[index].ApplicationRef != nil {
		return t.policy.Spec.Targets[index].ApplicationRef.Name == app.Name
	}
	images := imagesOf(app)
	if t.target == nil || len(images) > 0 && imageIn(images, t.policy.Spec.Image) == "" {
		return false
	}
	repository, err := access.RepositoryOf(app, t.objects.Repositories)
	return err == nil && repository.Name == t.target.Repository && reads(app, t.target.File)
}

// reads says whether a file is one of those that an Application is rendered from.
func reads(app *v1alpha1.Application, file string) bool {
	source := app.Spec.Source
	dir := path.Clean(source.Path)
	if dir == "." || strings.HasPrefix(file, dir+"/") {
		return true
	}
	return source.Helm != nil && slices.ContainsFunc(source.Helm.ValueFiles, func(name string) bool {
		if rooted, ok := strings.CutPrefix(name, "/"); ok {
			return path.Clean(rooted) == file
		}
		return path.Join(dir, name) == file
	})
}

// imagesOf are the images that an Application has rolled out.
func imagesOf(app *v1alpha1.Application) []string {
	if len(app.Status.History) > 0 {
		return app.Status.History[0].Images
	}
	if app.Status.Sync.Status == v1alpha1.SyncStatusSynced {
		return app.Status.Images
	}
	return nil
}

// deploys takes up an Application, whose part in the microservice is told of from now on.
func (t *teller) deploys(app *v1alpha1.Application) {
	made := &service{app: app, image: imageIn(imagesOf(app), t.policy.Spec.Image), health: app.Status.Health.Status, message: app.Status.Health.Message}
	t.service = made
	if made.image != "" {
		made.deployed = deployedSince(app, made.image)
	}
	own := t.ownObjects(app)
	if len(own) == 0 {
		return
	}
	made.pods = t.count(own, made.image)
	made.health, made.message = v1alpha1.HealthHealthy, ""
	for i := range app.Status.Resources {
		r := &app.Status.Resources[i]
		if !own[objectKey{r.Kind, r.Namespace, r.Name}] {
			continue
		}
		if made.drift == "" && r.Status == v1alpha1.SyncStatusOutOfSync && r.Health != v1alpha1.HealthMissing {
			made.drift = r.Kind + " " + r.Name + " " + r.Message
		}
		if graver(made.health, r.Health) {
			continue
		}
		made.health, made.message = r.Health, ""
		if r.Status != v1alpha1.SyncStatusOutOfSync { // then it says how it differs
			made.message = r.Message
		}
	}
}

// graver says whether one health is at least as grave as another.
func graver(a, b v1alpha1.HealthStatusCode) bool {
	order := []v1alpha1.HealthStatusCode{
		v1alpha1.HealthDegraded, v1alpha1.HealthMissing, v1alpha1.HealthUnknown, v1alpha1.HealthProgressing, v1alpha1.HealthSuspended, v1alpha1.HealthHealthy, "",
	}
	return slices.Index(order, a) <= slices.Index(order, b)
}

// deployedSince says since when and by which commit an image is deployed: since the oldest rollout from which on all had it.
func deployedSince(app *v1alpha1.Application, image string) *Standing {
	standing := &Standing{Version: versionOf(image), Revision: app.Status.Sync.Revision}
	for i := range app.Status.History {
		entry := &app.Status.History[i]
		if !slices.Contains(entry.Images, image) {
			break
		}
		at := entry.Time.Time
		standing.Revision, standing.Time = entry.Revision, &at
	}
	return standing
}

// objectKey names an object of an Application that makes pods.
type objectKey struct{ kind, namespace, name string }

// ownObjects are the objects of an Application that run an image of the policy, whichever tag, or are about to.
func (t *teller) ownObjects(app *v1alpha1.Application) map[objectKey]bool {
	declared := map[objectKey]bool{}
	if access.IsRemote(app) { // what was read is of this cluster
		return declared
	}
	for i := range app.Status.Resources {
		r := &app.Status.Resources[i]
		declared[objectKey{r.Kind, r.Namespace, r.Name}] = true
	}
	own := map[objectKey]bool{}
	note := func(key objectKey, images []string) {
		if declared[key] && imageIn(images, t.policy.Spec.Image) != "" {
			own[key] = true
		}
	}
	for _, w := range t.objects.Workloads {
		note(objectKey{w.Kind, w.Namespace, w.Name}, w.Images)
	}
	for _, p := range t.objects.Pods {
		note(objectKey{p.Kind, p.Namespace, p.Name}, p.Images)
	}
	return own
}

// count counts the pods of some objects: those that run an image and are ready, and how many there should be. Where that isn't
// known, it is how many there are.
func (t *teller) count(own map[objectKey]bool, image string) *Count {
	made, there := &Count{}, 0
	known := false
	for _, w := range t.objects.Workloads {
		if own[objectKey{w.Kind, w.Namespace, w.Name}] {
			known = true
			made.Wanted += w.Pods
		}
	}
	for _, p := range t.objects.Pods {
		if !own[objectKey{p.Kind, p.Namespace, p.Name}] {
			continue
		}
		there++
		if p.Ready && slices.Contains(p.Images, image) {
			made.Ready++
		}
	}
	if !known {
		made.Wanted = there
	}
	return made
}

// PodsOf are the pods of an ImagePolicy's microservice in an Application.
func PodsOf(objects Objects, policy *v1alpha1.ImagePolicy, app *v1alpha1.Application) []Pod {
	own := (&teller{objects: &objects, policy: policy}).ownObjects(app)
	return slices.DeleteFunc(slices.Clone(objects.Pods), func(p Pod) bool { return !own[objectKey{p.Kind, p.Namespace, p.Name}] })
}

// Runs says whether one of some images is that of a repository, whichever tag, be it from a mirror.
func Runs(images []string, repository string) bool { return imageIn(images, repository) != "" }

// imageIn finds the image of a repository among some: of that very name, or else of the same path behind another registry, as
// that of a mirror.
func imageIn(images []string, repository string) string {
	for _, same := range []func(string) bool{
		func(name string) bool { return name == repository || withoutHub(name) == withoutHub(repository) },
		func(name string) bool { return withoutHost(name) == withoutHost(repository) },
	} {
		if i := slices.IndexFunc(images, func(image string) bool { return same(repositoryOf(image)) }); i >= 0 {
			return images[i]
		}
	}
	return ""
}

// repositoryOf is an image without its tag and digest.
func repositoryOf(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if colon := strings.LastIndexByte(image, ':'); colon > strings.LastIndexByte(image, '/') {
		image = image[:colon]
	}
	return image
}

// versionOf is what tells versions of an image apart: the tag, else the beginning of the digest, else all of it.
func versionOf(image string) string {
	const digits = 12
	name, digest, pinned := strings.Cut(image, "@")
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') && !strings.HasPrefix(name, "sha256:") {
		return name[colon+1:]
	}
	if algorithm, hash, ok := strings.Cut(cmp.Or(digest, name), ":"); ok && (pinned || algorithm == "sha256") {
		return algorithm + ":" + hash[:min(len(hash), digits)]
	}
	return name
}

// withoutHub leaves out what names of Docker Hub are written with and without.
func withoutHub(name string) string {
	for _, prefix := range []string{"index.docker.io/", "docker.io/", "library/"} {
		name = strings.TrimPrefix(name, prefix)
	}
	return name
}

func withoutHost(name string) string {
	host, rest, ok := strings.Cut(name, "/")
	if ok && (strings.ContainsAny(host, ".:") || host == "localhost") {
		return rest
	}
	return name
}
