package bench_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/fairlead/fairlead/e2e/stack"
)

// requestKind is a verb, a resource and, where nothing is written, "dry-run": "APPLY deployments dry-run".
type requestKind string

// counted says whether only Fairlead makes requests of this kind: applying is its alone in a benchmark, as is the status of its
// Applications.
func (k requestKind) counted() bool {
	return strings.HasPrefix(string(k), "APPLY ") || strings.HasSuffix(string(k), " applications/status")
}

// requests are the numbers of requests that an API server has answered by kind.
type requests map[requestKind]int

// countRequests reads the API server's own count, apiserver_request_total. Who asked doesn't stand there. Reads and watches are
// left out.
func countRequests(b *testing.B, s *stack.Stack) requests {
	b.Helper()
	asker, err := rest.HTTPClientFor(s.Config)
	if err != nil {
		b.Fatal(err)
	}
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, s.Config.Host+"/metrics", http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	response, err := asker.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		b.Fatalf("read the API server's metrics: %s %v", response.Status, err)
	}
	counts := requests{}
	for line := range strings.Lines(string(text)) {
		labels, value, found := strings.Cut(strings.TrimPrefix(line, "apiserver_request_total{"), "} ")
		if !found || !strings.HasPrefix(line, "apiserver_request_total{") {
			continue
		}
		var n float64
		if _, err := fmt.Sscanf(value, "%g", &n); err != nil {
			b.Fatalf("%s: %v", line, err)
		}
		if kind := kindOf(labels); !strings.HasPrefix(string(kind), "WATCH ") && !strings.HasPrefix(string(kind), "GET ") {
			counts[kind] += int(n)
		}
	}
	return counts
}

// kindOf reads the labels of one count. The values that are looked at hold neither commas nor quotes.
func kindOf(labels string) requestKind {
	values := map[string]string{}
	for label := range strings.SplitSeq(labels, ",") {
		name, value, _ := strings.Cut(label, "=")
		values[name] = strings.Trim(value, `"`)
	}
	kind := values["verb"] + " " + values["resource"]
	if sub := values["subresource"]; sub != "" {
		kind += "/" + sub
	}
	if values["dry_run"] != "" {
		kind += " dry-run"
	}
	return requestKind(kind)
}
