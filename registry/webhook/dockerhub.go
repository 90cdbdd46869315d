package webhook

import "github.com/fairlead/fairlead/controllers/receiver/posted"

// parseDockerHub reads Docker Hub's one event ("Webhooks": example payload). Its callback_url is never called: who could
// post here could have named any.
func parseDockerHub(r posted.Request) ([]Push, error) {
	var event struct {
		PushData struct {
			Tag string `json:"tag"`
		} `json:"push_data"`
		Repository struct {
			Name string `json:"repo_name"`
		} `json:"repository"`
	}
	if err := read(DockerHub, r.Body, &event); err != nil {
		return nil, err
	}
	return []Push{{Host: dockerHub, Repository: event.Repository.Name, Tag: event.PushData.Tag}}, nil
}
