package selection

import "time"

const (
	// MaxWaiting is how many tags of one policy have a running clock at most: the status that holds them stays small.
	MaxWaiting = 100
	// MaxNeeds is how many tags a selection asks about at once.
	MaxNeeds = 16
)

// Fact is what is known of a tag beyond its name.
type Fact struct {
	// Digest that the tag points to. Empty: nobody has asked.
	Digest string
	// FirstSeen is when that digest was first seen under that tag. Zero: now.
	FirstSeen time.Time
	// Platforms of the image: "linux/amd64", "linux/arm64/v8". Nil: nobody has asked.
	Platforms []string
	// Problem says why the tag can't be looked at, in a text that follows a colon: "the registry has no manifest for it".
	// Such a tag isn't taken, by any policy but a pin. Empty: there is none.
	Problem string
}

// Reference is a tag, a digest or both, as Git or a status holds it.
type Reference struct {
	// Tag may be empty.
	Tag string
	// Digest may be empty.
	Digest string
}

// Waiting is a tag whose minimum age runs.
type Waiting struct {
	// Tag that waits.
	Tag string
	// Until is when it is old enough.
	Until time.Time
}
