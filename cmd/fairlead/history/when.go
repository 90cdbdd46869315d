package history

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// layouts are how a point in time may be written; without a zone it is meant in the local one.
func layouts() []string {
	return []string{
		time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04",
	}
}

// agoPattern is "2 weeks ago", with dots or nothing between, and without the last word.
var agoPattern = regexp.MustCompile(`^([0-9]{1,6})[ .]?([a-z]+)(?:[ .]ago)?$`)

// ParseTime reads a time as `git log --since` takes it: a day (its beginning, in the local zone), a day and a time, RFC 3339,
// "yesterday", or how long ago: "2 weeks ago", "2.weeks.ago", "2w". endOfDay makes a bare day mean its end.
func ParseTime(text string, now time.Time, endOfDay bool) (time.Time, error) {
	text = strings.TrimSpace(text)
	for _, layout := range layouts() {
		if at, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return at, nil
		}
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, now.Location()); err == nil {
		if endOfDay {
			return day.AddDate(0, 0, 1).Add(-time.Second), nil
		}
		return day, nil
	}
	lower := strings.ToLower(text)
	switch lower {
	case "now":
		return now, nil
	case "yesterday":
		return now.AddDate(0, 0, -1), nil
	}
	if parts := agoPattern.FindStringSubmatch(lower); parts != nil {
		count, err := strconv.Atoi(parts[1])
		if at, ok := ago(now, count, parts[2]); err == nil && ok {
			return at, nil
		}
	}
	return time.Time{}, terminal.Failf(nil, "%q is no time: write a day such as 2026-11-20, a time such as 2026-11-20T15:04:05Z, or how long ago, such as 2.weeks.ago", text)
}

// ago goes back in time.
func ago(now time.Time, count int, unit string) (time.Time, bool) {
	switch strings.TrimSuffix(unit, "s") {
	case "", "second", "sec": // The unit "s" lost its only letter.
		return now.Add(-time.Duration(count) * time.Second), true
	case "minute", "min":
		return now.Add(-time.Duration(count) * time.Minute), true
	case "hour", "h":
		return now.Add(-time.Duration(count) * time.Hour), true
	case "day", "d":
		return now.AddDate(0, 0, -count), true
	case "week", "w":
		return now.AddDate(0, 0, -7*count), true
	case "month", "mo":
		return now.AddDate(0, -count, 0), true
	case "year", "y":
		return now.AddDate(-count, 0, 0), true
	default:
		return time.Time{}, false
	}
}
