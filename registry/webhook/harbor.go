package webhook

import "github.com/fairlead/fairlead/controllers/receiver/posted"

// harborData is what an event of Harbor is about, in both payload formats.
type harborData struct {
	Resources []struct {
		Tag    string `json:"tag"`
		Digest string `json:"digest"`
	} `json:"resources"`
	Repository struct {
		FullName string `json:"repo_full_name"`
	} `json:"repository"`
}

// parseHarbor reads Harbor's payload formats "Default" and "CloudEvents" ("Configure Webhook Notifications").
func parseHarbor(r posted.Request) ([]Push, error) {
	var event struct {
		Type      string     `json:"type"`
		EventData harborData `json:"event_data"`
		Data      harborData `json:"data"`
	}
	if err := read(Harbor, r.Body, &event); err != nil {
		return nil, err
	}
	var about harborData
	switch event.Type {
	case "PUSH_ARTIFACT":
		about = event.EventData
	case "harbor.artifact.pushed":
		about = event.Data
	default:
		return nil, nil
	}
	var pushes []Push
	for _, resource := range about.Resources {
		pushes = append(pushes, tagged(Push{Repository: about.Repository.FullName}, resource.Tag, resource.Digest))
	}
	return pushes, nil
}

// tagged adds what was pushed. Where a provider has a digest in the place of the tag, it was pushed without one.
func tagged(push Push, tag, digest string) Push {
	if digestName.MatchString(tag) {
		tag, digest = "", tag
	}
	push.Tag, push.Digest = tag, digest
	return push
}
