package webhook

import "github.com/fairlead/fairlead/controllers/receiver/posted"

// parseNexus reads the event rm:repository:component of Nexus Repository ("Example Headers And Payloads"). An image is
// pulled as its name alone where the repository has a connector of its own, and below the repository's name where Nexus
// routes by path; both are meant.
func parseNexus(r posted.Request) ([]Push, error) {
	var event struct {
		Repository string `json:"repositoryName"`
		Action     string `json:"action"`
		Component  struct {
			Format  string `json:"format"`
			Name    string `json:"name"`
			Version string `json:"version"`
		} `json:"component"`
	}
	if err := read(Nexus, r.Body, &event); err != nil {
		return nil, err
	}
	changed := event.Action == "CREATED" || event.Action == "UPDATED"
	if about := event.Component; changed && about.Format == "docker" {
		return []Push{
			tagged(Push{Repository: about.Name}, about.Version, ""),
			tagged(Push{Repository: event.Repository + "/" + about.Name}, about.Version, ""),
		}, nil
	}
	return nil, nil
}
