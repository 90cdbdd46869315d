package controller

import (
	"context"
	"encoding/json"
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
	documents := map[string]document{}
	var problems []string
	for _, kind := range kinds {
		path := "openapi/v3/apis/" + kind.Group + "/" + kind.Version
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

// document is what is read of an OpenAPI 3 document.
type document struct {
	Components struct {
		Schemas map[string]shipped.Schema `json:"schemas"`
	} `json:"components"`
}

// read reads a document of the API server; one that isn't there is empty.
func read(ctx context.Context, server rest.Interface, path string) (document, error) {
	var found document
	text, err := server.Get().AbsPath(path).SetHeader("Accept", "application/json").Do(ctx).Raw()
	switch {
	case apierrors.IsNotFound(err):
		return found, nil
	case err != nil:
		return found, err
	}
	return found, json.Unmarshal(text, &found)
}

// problemOf says what is wrong with a kind; "" if nothing is.
func problemOf(kind shipped.Kind, found document) string {
	for name, schema := range found.Components.Schemas {
		if !strings.HasSuffix(name, "."+kind.Version+"."+kind.Kind) {
			continue
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
	return "the CRD " + kind.Definition + " is missing"
}
