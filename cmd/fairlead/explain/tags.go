package explain

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/registry/selection"
)

const (
	// maxTagsBytes and maxTags bound the file of tags.
	maxTagsBytes = 64 << 20
	maxTags      = 250_000
	// maxLine bounds one line of it: no tag is longer than 128 characters, no digest longer than a few hundred.
	maxLine = 64 << 10
	// absent is written in the column of what isn't known, where a later column is.
	absent = "-"
)

// digestForm is a digest by the image specification of the OCI.
var digestForm = regexp.MustCompile(`^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]{32,}$`)

// Tags are what a file says of a repository.
type Tags struct {
	// Names are the tags in the order of the file, each once.
	Names []string
	// Facts are the digests and times of first sight that the file gives.
	Facts map[string]selection.Fact
}

// ReadTags reads tags, one a line: the tag, optionally its digest, optionally when that was first seen (RFC 3339), separated by
// white space, with "-" for a digest that isn't known. Blank lines and those that begin with # are passed over. The
// error is an *terminal.Error with name and line.
func ReadTags(name string, file io.Reader) (Tags, error) {
	lines := bufio.NewScanner(&bounded{name: name, limit: maxTagsBytes, from: file})
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	tags, first := Tags{Facts: map[string]selection.Fact{}}, map[string]int{}
	number := 1
	for ; lines.Scan(); number++ {
		tag, fact, err := parseLine(lines.Bytes(), number == 1)
		switch {
		case err != nil:
			return Tags{}, terminal.Failf(nil, "%s:%d: %v", name, number, err)
		case tag == "":
			continue
		}
		if first[tag] == 0 {
			first[tag] = number
			tags.Names = append(tags.Names, tag)
		}
		if len(tags.Names) > maxTags {
			return Tags{}, terminal.Failf(nil, "%s:%d: more than %d tags", name, number, maxTags)
		}
		if err := tags.learn(tag, fact); err != nil {
			return Tags{}, terminal.Failf(nil, "%s:%d: tag %q stands on line %d, too, with %v", name, number, tag, first[tag], err)
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return Tags{}, terminal.Failf(nil, "%s:%d: the line is longer than %d bytes: write one tag a line", name, number, maxLine)
	case err != nil:
		return Tags{}, readError(name, err)
	}
	return tags, nil
}

// parseLine reads one line. The tag is empty where the line says nothing.
func parseLine(line []byte, first bool) (tag string, fact selection.Fact, err error) {
	if first {
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	if err := checkText(line); err != nil {
		return "", fact, err
	}
	columns := strings.Fields(string(line))
	if len(columns) == 0 || strings.HasPrefix(columns[0], "#") {
		return "", fact, nil
	}
	if len(columns) > 3 {
		return "", fact, errors.New("more than three columns: write the tag, its digest, and when that was first seen")
	}
	if len(columns) > 1 && columns[1] != absent {
		if fact.Digest = columns[1]; !digestForm.MatchString(fact.Digest) {
			return "", fact, fmt.Errorf("the second column is %q, which is no digest: write it like sha256:..., or - if it isn't known", abbreviate(fact.Digest))
		}
	}
	if len(columns) > 2 && columns[2] != absent {
		if fact.FirstSeen, err = time.Parse(time.RFC3339, columns[2]); err != nil {
			return "", fact, fmt.Errorf("the third column is %q, which is no time of RFC 3339: write it like 2026-11-22T10:00:00Z", abbreviate(columns[2]))
		}
	}
	return columns[0], fact, nil
}

// checkText refuses what is no text, which is what a wrong file looks like.
func checkText(line []byte) error {
	switch {
	case bytes.HasPrefix(line, []byte{0xff, 0xfe}), bytes.HasPrefix(line, []byte{0xfe, 0xff}):
		return errors.New("the file is UTF-16: save it as UTF-8")
	case !utf8.Valid(line):
		return errors.New("the line isn't UTF-8: is this a list of tags?")
	case bytes.ContainsFunc(line, func(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\r' }):
		return errors.New("the line holds control characters: is this a list of tags?")
	}
	return nil
}

// learn adds what a line says of a tag. It refuses two answers to one question.
func (t *Tags) learn(tag string, fact selection.Fact) error {
	known := t.Facts[tag]
	switch {
	case known.Digest != "" && fact.Digest != "" && known.Digest != fact.Digest:
		return errors.New("another digest: keep the one that it has now")
	case !known.FirstSeen.IsZero() && !fact.FirstSeen.IsZero() && !known.FirstSeen.Equal(fact.FirstSeen):
		return errors.New("another time: keep the one at which its digest was first seen")
	}
	if fact.Digest != "" {
		known.Digest = fact.Digest
	}
	if !fact.FirstSeen.IsZero() {
		known.FirstSeen = fact.FirstSeen
	}
	if known.Digest != "" || !known.FirstSeen.IsZero() {
		t.Facts[tag] = known
	}
	return nil
}

// bounded is a reader that fails, instead of ending, where there is more than allowed.
type bounded struct {
	name  string
	limit int64
	from  io.Reader
	read  int64
}

// Read implements io.Reader.
func (b *bounded) Read(into []byte) (int, error) {
	n, err := b.from.Read(into)
	if b.read += int64(n); b.read > b.limit {
		return 0, terminal.Failf(nil, "%s has more than %d MiB", b.name, b.limit>>20)
	}
	return n, err
}

// readError is why a file can't be read, naming the file once.
func readError(name string, err error) error {
	if known, ok := errors.AsType[*terminal.Error](err); ok {
		return known
	}
	if failure, ok := errors.AsType[*fs.PathError](err); ok {
		err = failure.Err
	}
	return terminal.Failf(nil, "read %s: %v", name, err)
}

// abbreviate bounds what a message quotes.
func abbreviate(text string) string {
	const quoted = 128
	if len(text) <= quoted {
		return text
	}
	return text[:quoted] + "..."
}
