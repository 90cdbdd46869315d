package gitwriter

// MessageTemplate words commit messages.
type MessageTemplate struct{}

// ParseMessageTemplate compiles a commit message's template.
func ParseMessageTemplate(string) (*MessageTemplate, error) { return &MessageTemplate{}, nil }
