package app

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// nameOf is how kubectl names an Application.
func nameOf(app *v1alpha1.Application) string { return "application.fairlead.dev/" + app.Name }

const (
	// shortRevision is how much of a commit's id a person sees.
	shortRevision = 10
	// shortDigest is how much of a digest.
	shortDigest = 12
	// none stands where there is nothing to tell.
	none = "-"
)

func short(revision string) string {
	if len(revision) > shortRevision {
		return revision[:shortRevision]
	}
	return orNone(revision)
}

func orNone(text string) string {
	if text == "" {
		return none
	}
	return text
}

// shortImage is an image without its registry and folder, its digest cut.
func shortImage(image string) string {
	name, digest, pinned := strings.Cut(image, "@")
	name = name[strings.LastIndexByte(name, '/')+1:]
	if !pinned {
		return name
	}
	algorithm, hash, _ := strings.Cut(digest, ":")
	if strings.Contains(name, ":") {
		return name
	}
	return name + "@" + algorithm + ":" + hash[:min(len(hash), shortDigest)]
}

// since is the time that has passed, in its greatest units.
func (c *Cluster) since(at time.Time) string {
	if at.IsZero() {
		return none
	}
	return duration.HumanDuration(max(0, c.now().Sub(at)))
}

// cut bounds a text on a line.
func cut(text string, length int) string {
	runes := []rune(text)
	if len(runes) <= length {
		return text
	}
	return string(runes[:length-1]) + "…"
}

// colourOf is the colour of a line that tells of sync and health.
func colourOf(sync v1alpha1.SyncStatusCode, health v1alpha1.HealthStatusCode) string {
	switch {
	case health == v1alpha1.HealthDegraded || health == v1alpha1.HealthMissing:
		return terminal.Red
	case sync != v1alpha1.SyncStatusSynced, health == v1alpha1.HealthProgressing, health == v1alpha1.HealthUnknown:
		return terminal.Yellow
	default:
		return ""
	}
}

// plain is an Application without what only the API server needs.
func plain(app *v1alpha1.Application) *v1alpha1.Application {
	shown := app.DeepCopy()
	shown.ManagedFields = nil
	shown.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Application"))
	return shown
}

// fieldf writes a line of a header.
func fieldf(to *bytes.Buffer, name, format string, args ...any) {
	const width = 13
	fmt.Fprintf(to, "%s%s\n", terminal.Pad(name+":", width), terminal.Printable(fmt.Sprintf(format, args...)))
}

func keyOf(app *v1alpha1.Application) string { return client.ObjectKeyFromObject(app).String() }
