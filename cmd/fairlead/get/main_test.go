package get_test

import (
	"io"
	"os"
	"testing"

	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/fairlead/fairlead/e2e/apiserver"
)

// config reaches the real API server that the tests of this package share; each test has a namespace of its own.
var config *rest.Config

func TestMain(m *testing.M) {
	ctrl.SetLogger(zap.New(zap.WriteTo(io.Discard))) // as the program does
	os.Exit(apiserver.Run(m, apiserver.WithKinds, func(started *rest.Config) error {
		config = started
		return nil
	}))
}
