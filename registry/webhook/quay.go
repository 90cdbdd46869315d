package webhook

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/fairlead/fairlead/controllers/receiver/posted"
)

// quayHost is the one Quay that everybody knows by the same name.
const quayHost = "quay.io"

// parseQuay reads Quay's "Push to Repository" notification; events without updated_tags are about something else.
func parseQuay(r posted.Request) ([]Push, error) {
	var event struct {
		Repository  string   `json:"repository"`
		DockerURL   string   `json:"docker_url"`
		UpdatedTags quayTags `json:"updated_tags"`
	}
	if err := read(Quay, r.Body, &event); err != nil {
		return nil, err
	}
	host := ""
	if splitImage(event.DockerURL).Host == quayHost {
		host = quayHost
	}
	var pushes []Push
	for _, tag := range event.UpdatedTags {
		pushes = append(pushes, Push{Host: host, Repository: event.Repository, Tag: tag})
	}
	return pushes, nil
}

// quayTags are names of tags: a list, or in older versions the keys of an object.
type quayTags []string

// UnmarshalJSON reads both forms.
func (t *quayTags) UnmarshalJSON(text []byte) error {
	var names []string
	if json.Unmarshal(text, &names) == nil {
		*t = names
		return nil
	}
	var images map[string]string
	if err := json.Unmarshal(text, &images); err != nil {
		return err
	}
	*t = slices.Sorted(maps.Keys(images))
	return nil
}
