package webhook

import "github.com/fairlead/fairlead/controllers/receiver/posted"

// parseGoogle reads a message of the topic "gcr" of Artifact Registry ("Configuring Pub/Sub notifications"), as a push
// subscription of Pub/Sub delivers it: wrapped, or with payload unwrapping.
func parseGoogle(r posted.Request) ([]Push, error) {
	var wrapped struct {
		Message struct {
			Data []byte `json:"data"` // base64
		} `json:"message"`
	}
	if err := read(Google, r.Body, &wrapped); err != nil {
		return nil, err
	}
	body := r.Body
	if wrapped.Message.Data != nil {
		body = wrapped.Message.Data
	}
	var event struct {
		Action string `json:"action"`
		Digest string `json:"digest"`
		Tag    string `json:"tag"`
	}
	if err := read(Google, body, &event); err != nil {
		return nil, err
	}
	if event.Action != "INSERT" || event.Tag == "" {
		return nil, nil
	}
	push := splitImage(event.Tag)
	push.Digest = splitImage(event.Digest).Digest
	return []Push{push}, nil
}
