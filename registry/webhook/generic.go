package webhook

import "github.com/fairlead/fairlead/controllers/receiver/posted"

// parseGeneric reads what a script sends: {"image": "registry.example.com/web-hook/www", "tag": "v1.0.36"}. The tag may be
// left out, or stand behind the image. A payload that names a Git repository and no image is about something else.
func parseGeneric(r posted.Request) ([]Push, error) {
	var event struct {
		Image  string `json:"image"`
		Tag    string `json:"tag"`
		Digest string `json:"digest"`

		Repository string `json:"repository"`
	}
	if err := read(Generic, r.Body, &event); err != nil {
		return nil, err
	}
	if event.Image == "" && event.Repository != "" {
		return nil, nil
	}
	push, ok := splitImage(event.Image).clean()
	if !ok {
		return nil, &posted.Error{Status: posted.StatusBadRequest, Problem: `"image" isn't the name of a repository: write it like registry.example.com/team/name`}
	}
	if event.Tag != "" {
		push.Tag = event.Tag
	}
	if event.Digest != "" {
		push.Digest = event.Digest
	}
	return []Push{push}, nil
}
