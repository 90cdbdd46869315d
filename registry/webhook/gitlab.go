package webhook

import "github.com/fairlead/fairlead/controllers/receiver/posted"

// parseGitLab reads GitLab's project, group and system hooks ("Webhook events"). GitLab has no event for a push to its
// container registry: that something in a project ended has to do, and everything below the project is meant.
func parseGitLab(r posted.Request) ([]Push, error) {
	var event struct {
		Kind     string `json:"object_kind"`
		Pipeline struct {
			Status string `json:"status"`
		} `json:"object_attributes"`
		JobStatus string `json:"build_status"`
		Project   struct {
			Path string `json:"path_with_namespace"`
		} `json:"project"`
	}
	if err := read(GitLab, r.Body, &event); err != nil {
		return nil, err
	}
	switch event.Kind {
	case "push", "tag_push":
	case "pipeline":
		// A pipeline that failed in a later stage may have pushed in an earlier one.
		if status := event.Pipeline.Status; status != "success" && status != "failed" && status != "canceled" {
			return nil, nil
		}
	case "build":
		if event.JobStatus != "success" {
			return nil, nil
		}
	default:
		return nil, nil
	}
	return []Push{{Repository: event.Project.Path, Below: true}}, nil
}
