package webhook

import "github.com/fairlead/fairlead/controllers/receiver/posted"

// forgePush is the event push of GitHub, and of Gitea and Forgejo, which took it from there.
type forgePush struct {
	Ref        string `json:"ref"`
	After      string `json:"after"`
	Repository struct {
		CloneURL string `json:"clone_url"`
		SSHURL   string `json:"ssh_url"`
		HTMLURL  string `json:"html_url"`
	} `json:"repository"`
}

func (p forgePush) pushes() []Push {
	return pushed(p.Ref, p.After, p.Repository.CloneURL, p.Repository.SSHURL, p.Repository.HTMLURL)
}

// parseGitHub reads the event push ("Webhook events and payloads"). All others are about something else.
func parseGitHub(r posted.Request) ([]Push, error) {
	if r.Header("X-Github-Event") != "push" {
		return nil, nil
	}
	var event forgePush
	if err := read(GitHub, r.Body, &event); err != nil {
		return nil, err
	}
	return event.pushes(), nil
}

// parseGitea reads the event push of Gitea and Forgejo, which both send Gitea's headers.
func parseGitea(r posted.Request) ([]Push, error) {
	if r.Header("X-Gitea-Event") != "push" && r.Header("X-Forgejo-Event") != "push" {
		return nil, nil
	}
	var event forgePush
	if err := read(Gitea, r.Body, &event); err != nil {
		return nil, err
	}
	return event.pushes(), nil
}
