package controller

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// prefix of all variables that name a flag.
const prefix = "FAIRLEAD_"

// Variable is the variable of the environment that stands for a flag: FAIRLEAD_METRICS_ADDRESS for metrics-address.
func Variable(flag string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// Environment sets the flags that the command line left out to what their variables say. environment is as os.Environ gives
// it. A variable that is empty says nothing. strangers are sentences about variables that look as if they meant a flag and
// don't: somebody may have mistyped one.
func (o *Options) Environment(flags *pflag.FlagSet, environment []string) (strangers []string, err error) {
	byVariable := map[string]*pflag.Flag{}
	flags.VisitAll(func(flag *pflag.Flag) {
		if _, ours := flag.Annotations[groupAnnotation]; ours {
			byVariable[Variable(flag.Name)] = flag
		}
	})
	for _, entry := range slices.Sorted(slices.Values(environment)) {
		name, value, _ := strings.Cut(entry, "=")
		flag, ok := byVariable[name]
		switch {
		case ok && (flag.Changed || value == ""): // The command line wins.
		case ok:
			if err := flags.Set(flag.Name, value); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			o.variables = append(o.variables, name)
		case strings.HasPrefix(name, prefix) && !foreign(name):
			strangers = append(strangers, name+" names no flag and is ignored: did you mean "+nearest(name, byVariable)+"?")
		}
	}
	o.given = map[string]bool{}
	flags.Visit(func(flag *pflag.Flag) { o.given[flag.Name] = true })
	return strangers, nil
}

// service are the ends of the variables that Kubernetes sets in each pod for the Services of its namespace, and that begin like
// ours for those whose names begin with "fairlead".
var service = regexp.MustCompile(`_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$|_PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$`)

// foreign says whether a variable is somebody else's: Kubernetes', or one of those that building and testing know.
func foreign(name string) bool {
	return name == "FAIRLEAD_CACHE" || strings.HasPrefix(name, "FAIRLEAD_E2E_") || service.MatchString(name)
}

// nearest is the variable that takes the fewest changes to get to.
func nearest(name string, known map[string]*pflag.Flag) string {
	best, least := "", 0
	for candidate := range known {
		changes := terminal.Distance(name, candidate)
		if best == "" || changes < least || changes == least && candidate < best {
			best, least = candidate, changes
		}
	}
	return best
}
