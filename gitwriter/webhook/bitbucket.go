package webhook

import "github.com/fairlead/fairlead/controllers/receiver/posted"

// parseBitbucket reads the event repo:push of Bitbucket Cloud ("Event payloads"), and repo:refs_changed of Bitbucket Data
// Center ("Event payload").
func parseBitbucket(r posted.Request) ([]Push, error) {
	switch r.Header("X-Event-Key") {
	case "repo:push":
		return parseBitbucketCloud(r)
	case "repo:refs_changed":
		return parseBitbucketDataCenter(r)
	default:
		return nil, nil
	}
}

// parseBitbucketCloud: a change has an old state, a new one, or both. Its branch is named without refs/heads/.
func parseBitbucketCloud(r posted.Request) ([]Push, error) {
	type state struct {
		Type   string `json:"type"`
		Name   string `json:"name"`
		Target struct {
			Hash string `json:"hash"`
		} `json:"target"`
	}
	var event struct {
		Push struct {
			Changes []struct {
				Old *state `json:"old"`
				New *state `json:"new"`
			} `json:"changes"`
		} `json:"push"`
		Repository struct {
			FullName string `json:"full_name"`
			Links    struct {
				HTML struct {
					Href string `json:"href"`
				} `json:"html"`
			} `json:"links"`
		} `json:"repository"`
	}
	if err := read(Bitbucket, r.Body, &event); err != nil {
		return nil, err
	}
	urls := []string{"https://bitbucket.org/" + event.Repository.FullName, event.Repository.Links.HTML.Href}
	if event.Repository.FullName == "" {
		urls = urls[1:]
	}
	var pushes []Push
	for _, change := range event.Push.Changes {
		after, revision := change.New, ""
		if after != nil {
			revision = after.Target.Hash
		} else {
			after = change.Old
		}
		if after != nil && after.Type == "branch" {
			pushes = append(pushes, pushed("refs/heads/"+after.Name, revision, urls...)...)
		}
	}
	return pushes, nil
}

// parseBitbucketDataCenter: older versions tell no URL, but the project and the repository in it, which is how each URL ends.
func parseBitbucketDataCenter(r posted.Request) ([]Push, error) {
	var event struct {
		Repository struct {
			Slug    string `json:"slug"`
			Project struct {
				Key string `json:"key"`
			} `json:"project"`
			Links struct {
				Clone []struct {
					Href string `json:"href"`
				} `json:"clone"`
			} `json:"links"`
		} `json:"repository"`
		Changes []struct {
			Ref struct {
				ID string `json:"id"`
			} `json:"ref"`
			To string `json:"toHash"`
		} `json:"changes"`
	}
	if err := read(Bitbucket, r.Body, &event); err != nil {
		return nil, err
	}
	about := event.Repository
	urls := make([]string, len(about.Links.Clone))
	for i, link := range about.Links.Clone {
		urls[i] = link.Href
	}
	var pushes []Push
	for _, change := range event.Changes {
		for _, push := range pushed(change.Ref.ID, change.To, urls...) {
			if len(push.Repositories) == 0 {
				push.Repositories = belowAnyHost(about.Project.Key, about.Slug)
			}
			pushes = append(pushes, push)
		}
	}
	return pushes, nil
}
