package webhook

import "github.com/fairlead/fairlead/controllers/receiver/posted"

// parseGitLab reads push events of project and group hooks, and those and repository updates of system hooks ("Webhook
// events", "System hooks").
func parseGitLab(r posted.Request) ([]Push, error) {
	type change struct {
		Ref   string `json:"ref"`
		After string `json:"after"`
	}
	var event struct {
		change

		Kind    string   `json:"object_kind"`
		Name    string   `json:"event_name"`
		Changes []change `json:"changes"`
		Project struct {
			WebURL  string `json:"web_url"`
			HTTPURL string `json:"git_http_url"`
			SSHURL  string `json:"git_ssh_url"`
		} `json:"project"`
	}
	if err := read(GitLab, r.Body, &event); err != nil {
		return nil, err
	}
	changes := event.Changes
	switch {
	case event.Kind == "push":
		changes = []change{event.change}
	case event.Name != "repository_update":
		return nil, nil
	}
	var pushes []Push
	for _, c := range changes {
		pushes = append(pushes, pushed(c.Ref, c.After, event.Project.HTTPURL, event.Project.SSHURL, event.Project.WebURL)...)
	}
	return pushes, nil
}
