package check

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/controllers/receiver"
)

// webhooks looks at the Secrets by which webhooks are received.
func (c *checker) webhooks(ctx context.Context) (findings []Finding) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	var secrets corev1.SecretList
	err := c.client.List(ctx, &secrets, client.InNamespace(c.Namespace), client.MatchingFields{"type": string(receiver.SecretType)})
	switch {
	case apierrors.IsForbidden(err):
		return []Finding{skipf("Secrets of webhooks", "not checked: you may not list Secrets")}
	case err != nil:
		return []Finding{failure("Secrets of webhooks", err)}
	case len(secrets.Items) == 0:
		return []Finding{okf("Secrets of webhooks", "there are none: registries and Git are asked at their intervals")}
	}
	for i := range secrets.Items {
		secret := &secrets.Items[i]
		subject := "Secret " + secret.Namespace + "/" + secret.Name
		if problem := receiver.Problem(secret); problem != "" {
			findings = append(findings, failf(subject, "it is of type %s, and %s", receiver.SecretType, problem).by("%s", writeSecret(
				"generic "+secret.Name+" -n "+secret.Namespace+" --type="+string(receiver.SecretType)+
					" --from-literal="+receiver.KeyProvider+"=PROVIDER --from-literal="+receiver.KeyToken+"=TOKEN")))
		} else {
			findings = append(findings, okf(subject, "webhooks of %s are received by it", secret.Data[receiver.KeyProvider]))
		}
	}
	return findings
}
