package access_test

import (
	"os"
	"testing"

	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/e2e/apiserver"
)

// api is a client of a real API server.
var api client.Client

func TestMain(m *testing.M) {
	os.Exit(apiserver.Run(m, apiserver.Bare, func(config *rest.Config) (err error) {
		api, err = client.New(config, client.Options{Scheme: scheme.Scheme})
		return err
	}))
}
