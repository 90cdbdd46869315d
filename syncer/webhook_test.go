package syncer_test

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/syncer"
)

// silence is the address of a server that takes connections and never says anything.
func silence(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = connection.Close() })
		}
	}()
	return listener.Addr().String()
}

func TestWebhookThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	namespace, address := newNamespace(t), silence(t)
	apply(t, namespace, strings.NewReplacer("NAME", namespace, "ADDRESS", address).Replace(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: NAME}
webhooks:
- name: silent.example.com
  admissionReviewVersions: [v1]
  clientConfig: {url: "https://ADDRESS/"}
  failurePolicy: Fail
  namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAME}}
  rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [configmaps]}]
  sideEffects: None
  timeoutSeconds: 1`))
	var err error
	eventually(t, "the webhook counts", func() bool {
		_, err = syncer.NewApplier(admin, mapper).Apply(t.Context(), unseen(prepared(t, namespace, configMap)))
		return err != nil
	})
	want := fmt.Sprintf(`apply ConfigMap %s/c: Internal error occurred: failed calling webhook "silent.example.com": failed to call webhook: `+
		`Post "https://%s/?timeout=1s": context deadline exceeded`, namespace, address)
	if diff := cmp.Diff(want, text(err)); diff != "" || terminal(err) {
		t.Errorf("it may answer the next time (-want, +got):\n%s", diff)
	}
}
