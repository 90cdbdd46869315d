package webhook

import (
	"strings"

	"github.com/fairlead/fairlead/controllers/receiver/posted"
)

// parseGeneric reads what a hook of a Git server of one's own sends: {"repository":
// "https://git.example.com/web-hook/config.git", "branch": "main", "revision": "4f1c..."}. The latter two may be left out. A
// payload without a repository is about something else.
func parseGeneric(r posted.Request) ([]Push, error) {
	var event struct {
		Repository string `json:"repository"`
		Branch     string `json:"branch"`
		Revision   string `json:"revision"`
	}
	if err := read(Generic, r.Body, &event); err != nil {
		return nil, err
	}
	if event.Repository == "" {
		return nil, nil
	}
	about := repositories(event.Repository)
	if len(about) == 0 {
		return nil, &posted.Error{
			Status: posted.StatusBadRequest, Problem: `"repository" isn't the URL of one: write it like https://git.example.com/team/config.git`,
		}
	}
	branch := strings.TrimPrefix(event.Branch, "refs/heads/")
	if strings.HasPrefix(branch, "refs/") {
		return nil, nil
	}
	return []Push{{Repositories: about, Branch: branch, Revision: event.Revision}}, nil
}
