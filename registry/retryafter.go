package registry

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter bounds how long a registry can keep us away: one request an hour harms nobody.
const maxRetryAfter = time.Hour

// retryAfter reads how long a server wants to be left alone (RFC 9110, section 10.2.3: seconds or a date), zero if it
// doesn't say. A date is taken relative to the server's own clock if it sent that, else to ours.
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return 0
	}

	value := strings.TrimSpace(resp.Header.Get("Retry-After"))

	if seconds, err := strconv.ParseUint(value, 10, 63); err == nil {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}

	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}

	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		now = date
	}

	return min(max(until.Sub(now), 0), maxRetryAfter)
}
