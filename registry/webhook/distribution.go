package webhook

import "github.com/fairlead/fairlead/controllers/receiver/posted"

// distributionEvent is one event of CNCF Distribution's notifications ("Work with notifications"), whose shape Azure uses, too.
type distributionEvent struct {
	Action string `json:"action"`
	Target struct {
		Repository string `json:"repository"`
		Tag        string `json:"tag"`
		Digest     string `json:"digest"`
	} `json:"target"`
	Request struct {
		Host string `json:"host"`
	} `json:"request"`
}

// push is what the event says, without the host.
func (e distributionEvent) push() (Push, bool) {
	return Push{Repository: e.Target.Repository, Tag: e.Target.Tag, Digest: e.Target.Digest}, e.Action == "push" && e.Target.Tag != ""
}

// parseDistribution reads an envelope of events. The host in an event is the one that the pushing client called the
// registry, which is often another one than the cluster pulls from.
func parseDistribution(r posted.Request) ([]Push, error) {
	var envelope struct {
		Events []distributionEvent `json:"events"`
	}
	if err := read(Distribution, r.Body, &envelope); err != nil {
		return nil, err
	}
	var pushes []Push
	for _, event := range envelope.Events {
		if push, ok := event.push(); ok {
			pushes = append(pushes, push)
		}
	}
	return pushes, nil
}

// parseAzure reads one event of Azure Container Registry ("webhook reference"): a push, or a ping that has no target.
func parseAzure(r posted.Request) ([]Push, error) {
	var event distributionEvent
	if err := read(Azure, r.Body, &event); err != nil {
		return nil, err
	}
	push, ok := event.push()
	if !ok {
		return nil, nil
	}
	push.Host = event.Request.Host
	return []Push{push}, nil
}
