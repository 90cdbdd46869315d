package controller

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	"github.com/fairlead/fairlead/cmd/fairlead/shipped"
)

// maxNamed bounds how many fields of a definition a message names.
const maxNamed = 3

// checkKinds asks the API server what it serves of Fairlead's kinds, with the rights that every authenticated user has. It is an
// error if one is missing, or lacks a field: what a user writes there is lost, and what a status says there nobody reads.
//
// Fields that only the server knows are harmless. They are those of a newer version, whose definitions an upgrade installs first,
// and a rollback leaves there.
func checkKinds(ctx context.Context, server rest.Interface) error {
	kinds, err := shipped.Kinds()
	if err != nil {
		return err
	}
	documents := map[string]shipped.Published{}
	var problems []string
	for _, kind := range kinds {
		path := kind.PublishedAt()
		if _, asked := documents[path]; !asked {
			if documents[path], err = read(ctx, server, path); err != nil {
				return fmt.Errorf("ask the API server which CRDs of %s it has: %w", kind.Group, err)
			}
		}
		if problem := problemOf(kind, documents[path]); problem != "" {
			problems = append(problems, problem)
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("%s: run helm upgrade, or kubectl apply --server-side -f config/default/crds.yaml, with the version of this program",
			strings.Join(problems, "; "))
	}
	return nil
}

// read reads what the API server publishes; what isn't there is empty.
func read(ctx context.Context, server rest.Interface, path string) (shipped.Published, error) {
	document, err := server.Get().AbsPath(path).SetHeader("Accept", "application/json").Do(ctx).Raw()
	if err != nil && !apierrors.IsNotFound(err) {
		return shipped.Published{}, err
	}
	if err != nil {
		document = nil
	}
	return shipped.ParsePublished(document)
}

// problemOf says what is wrong with a kind; "" if nothing is.
func problemOf(kind shipped.Kind, found shipped.Published) string {
	schema := found.Schema(kind)
	if schema == nil {
		return "the CRD " + kind.Definition + " is missing"
	}
	lacks := kind.Compare(schema).Missing
	if len(lacks) == 0 {
		return ""
	}
	named := strings.Join(lacks[:min(maxNamed, len(lacks))], ", ")
	if more := len(lacks) - maxNamed; more > 0 {
		named += fmt.Sprintf(" and %d more", more)
	}
	return "the CRD " + kind.Definition + " is of another version than this program: it lacks " + named
}
