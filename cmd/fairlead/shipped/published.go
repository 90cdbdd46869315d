package shipped

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Published is what an API server publishes of a group and version, as an OpenAPI v3 document. Every authenticated user may read
// it, other than the definitions.
type Published struct {
	Components struct {
		Schemas map[string]Schema `json:"schemas"`
	} `json:"components"`
}

// PublishedAt is the path at which an API server publishes a kind.
func (k Kind) PublishedAt() string { return "openapi/v3/apis/" + k.Group + "/" + k.Version }

// ParsePublished reads a document; nothing at all is an empty one.
func ParsePublished(document []byte) (Published, error) {
	var published Published
	if len(document) == 0 {
		return published, nil
	}
	if err := json.Unmarshal(document, &published); err != nil {
		return published, fmt.Errorf("read what the API server publishes of its kinds: %w", err)
	}
	return published, nil
}

// Schema is what is published of a kind; nil if it isn't served.
func (p Published) Schema(kind Kind) Schema {
	for name, schema := range p.Components.Schemas {
		if strings.HasSuffix(name, "."+kind.Version+"."+kind.Kind) {
			return schema
		}
	}
	return nil
}
