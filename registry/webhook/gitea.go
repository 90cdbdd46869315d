package webhook

import "github.com/fairlead/fairlead/controllers/receiver/posted"

// parseGitea reads the event package of Gitea and Forgejo. An image is pulled as owner/name.
func parseGitea(r posted.Request) ([]Push, error) {
	var event struct {
		Action  string `json:"action"`
		Package struct {
			Owner struct {
				Login string `json:"login"`
			} `json:"owner"`
			Type    string `json:"type"`
			Name    string `json:"name"`
			Version string `json:"version"`
		} `json:"package"`
	}
	if err := read(Gitea, r.Body, &event); err != nil {
		return nil, err
	}
	if event.Action != "created" || event.Package.Type != "container" {
		return nil, nil
	}
	about := event.Package
	return []Push{tagged(Push{Repository: about.Owner.Login + "/" + about.Name}, about.Version, "")}, nil
}
