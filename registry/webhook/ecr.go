package webhook

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/fairlead/fairlead/controllers/receiver/posted"
)

// ecrEvent is EventBridge's event "ECR Image Action" ("Amazon ECR events and EventBridge"), or only its detail.
type ecrEvent struct {
	ecrDetail

	Account string     `json:"account"`
	Region  string     `json:"region"`
	Detail  *ecrDetail `json:"detail"`
}

// ecrDetail is what was done. The second names are those of ECR's API, which people write in input transformers.
type ecrDetail struct {
	Action        string `json:"action-type"`
	Result        string `json:"result"`
	Repository    string `json:"repository-name"`
	Tag           string `json:"image-tag"`
	Digest        string `json:"image-digest"`
	APIRepository string `json:"repositoryName"`
	APITag        string `json:"imageTag"`
	APIDigest     string `json:"imageDigest"`
	APIRegistry   string `json:"registryId"`
}

// parseECR reads the event as an API destination of EventBridge delivers it, or as the data of a CloudEvent (1.0, in
// binary or structured mode).
func parseECR(r posted.Request) ([]Push, error) {
	var cloud struct {
		Version string          `json:"specversion"`
		Source  string          `json:"source"`
		Data    json.RawMessage `json:"data"`
		Base64  []byte          `json:"data_base64"`
	}
	if err := read(ECR, r.Body, &cloud); err != nil {
		return nil, err
	}
	body, source := r.Body, cloud.Source
	switch {
	case cloud.Version != "" && cloud.Data != nil:
		body = cloud.Data
	case cloud.Version != "":
		body = cloud.Base64
	case r.Header("Ce-Specversion") != "":
		source = r.Header("Ce-Source")
	}
	var event ecrEvent
	if err := read(ECR, body, &event); err != nil {
		return nil, err
	}
	about := event.ecrDetail
	if event.Detail != nil {
		about = *event.Detail
	}
	if about.Action != "" && about.Action != "PUSH" || about.Result != "" && about.Result != "SUCCESS" {
		return nil, nil
	}
	push := Push{Host: ecrHost(event, about, source), Repository: about.Repository, Tag: about.Tag, Digest: about.Digest}
	if push.Repository == "" {
		push.Repository, push.Tag, push.Digest = about.APIRepository, about.APITag, about.APIDigest
	}
	return []Push{push}, nil
}

// ecrHost is the registry of an account in a region, which a CloudEvent has in its source
// (arn:aws:ecr:eu-west-1:123456789012:repository/www), or empty if the event leaves one of them open.
func ecrHost(event ecrEvent, about ecrDetail, source string) string {
	account, region := event.Account, event.Region
	if parts := strings.Split(source, ":"); len(parts) > 4 {
		if region == "" {
			region = parts[3]
		}
		if account == "" {
			account = parts[4]
		}
	}
	if account == "" {
		account = about.APIRegistry
	}
	if account == "" || region == "" {
		return ""
	}
	domain := "amazonaws.com"
	if strings.HasPrefix(region, "cn-") {
		domain = "amazonaws.com.cn"
	}
	return fmt.Sprintf("%s.dkr.ecr.%s.%s", account, region, domain)
}
