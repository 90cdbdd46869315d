package check

import (
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/version"
)

// oldestMinor is the first minor version of Kubernetes 1 that has what Fairlead needs: validation rules of CEL that are part of
// the API for good.
const oldestMinor = 30

// serverVerdict judges the version of an API server. clientGo is the version of client-go, v0.37.2, whose minor is that of the
// Kubernetes that it belongs to; a server may be newer by one.
func serverVerdict(found *version.Info, clientGo string) Finding {
	subject := "API server"
	newest := 0
	if parts := strings.Split(clientGo, "."); len(parts) > 1 {
		newest, _ = strconv.Atoi(parts[1]) // What isn't a number bounds nothing.
	}
	known := fmt.Sprintf("1.%d or newer", oldestMinor)
	if newest > 0 {
		newest++
		known = fmt.Sprintf("1.%d to 1.%d", oldestMinor, newest)
	}
	minor, err := strconv.Atoi(strings.TrimRight(found.Minor, "+")) // Some clouds write 33+.
	switch {
	case err != nil || found.Major != "1":
		return warnf(subject, "it answers, and says that it is Kubernetes %s, which can't be compared: this program is made for %s", found.GitVersion, known)
	case minor < oldestMinor:
		return failf(subject, "it is Kubernetes %s, and this program needs %s: upgrade the cluster", found.GitVersion, known)
	case newest > 0 && minor > newest:
		return warnf(subject, "it is Kubernetes %s, and this program is made for %s: upgrade Fairlead", found.GitVersion, known)
	default:
		return okf(subject, "Kubernetes %s; this program is made for %s", found.GitVersion, known)
	}
}
