package access_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/registry"
)

// docker is a Secret that holds a credential of this user for a registry, and may be named by its registry's name.
func docker(name, host, user string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Type: corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{corev1.DockerConfigJsonKey: fmt.Appendf(nil, `{"auths": {%q: {"username": %q, "password": "p"}}}`, host, user)},
	}
}

// legacy is the same in the older form.
func legacy(name, host, user string) *corev1.Secret {
	auth := base64.StdEncoding.EncodeToString([]byte(user + ":p"))
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Type: corev1.SecretTypeDockercfg,
		Data: map[string][]byte{corev1.DockerConfigKey: fmt.Appendf(nil, `{%q: {"auth": %q}}`, host, auth)},
	}
}

// opaque is a Secret with these keys and values.
func opaque(name string, pairs ...string) *corev1.Secret {
	data := map[string][]byte{}
	for i := 0; i < len(pairs); i += 2 {
		data[pairs[i]] = []byte(pairs[i+1])
	}
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: data}
}

// account is a ServiceAccount with these imagePullSecrets.
func account(name string, pulls ...string) *corev1.ServiceAccount {
	made := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}
	for _, pull := range pulls {
		made.ImagePullSecrets = append(made.ImagePullSecrets, corev1.LocalObjectReference{Name: pull})
	}
	return made
}

func user(name string) registry.Access {
	return registry.Access{Credential: registry.Credential{Username: name, Password: "p"}}
}

func ref(name string) *v1alpha1.LocalReference { return &v1alpha1.LocalReference{Name: name} }

const host = "registry.example.com"

// accessCase is what a policy names, what there is, and what comes of it. NS stands for the namespace in err.
type accessCase struct {
	reason  string
	spec    v1alpha1.RegistrySpec
	objects []client.Object
	want    registry.Access
	err     string
}

func TestRegistryCredential(t *testing.T) {
	t.Parallel()
	runAccess(t, map[string]accessCase{
		"Nothing": {reason: "nothing named, nothing used"},
		"Secret": {
			reason: "the Secret of the policy", spec: v1alpha1.RegistrySpec{SecretRef: ref("own")},
			objects: []client.Object{docker("own", host, "own")}, want: user("own"),
		},
		"LegacySecret": {
			reason: "the form before dockerconfigjson lives on in clusters", spec: v1alpha1.RegistrySpec{SecretRef: ref("own")},
			objects: []client.Object{legacy("own", "https://"+host+"/v1/", "own")}, want: user("own"),
		},
		"SecretForAnother": {
			reason: "a Secret may be for other registries", spec: v1alpha1.RegistrySpec{SecretRef: ref("own")},
			objects: []client.Object{docker("own", "other.example.com", "own")},
		},
		"SecretMissing": {
			reason: "a Secret that is named must be there", spec: v1alpha1.RegistrySpec{SecretRef: ref("own")},
			err: "Secret NS/own, which spec.registry.secretRef names, doesn't exist: create it",
		},
		"SecretOfAnotherUse": {
			reason: "a Secret has keys for one use", spec: v1alpha1.RegistrySpec{SecretRef: ref("own")}, objects: []client.Object{opaque("own", "password", "x")},
			err: "Secret NS/own has neither the key .dockerconfigjson nor .dockercfg: it must be of type kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg",
		},
		"SecretBroken": {
			reason: "what is wrong is told, and nothing that is secret", spec: v1alpha1.RegistrySpec{SecretRef: ref("own")},
			objects: []client.Object{opaque("own", ".dockerconfigjson", `{"auths": {"registry.example.com": {"auth": "planted"}}}`)},
			err:     `Secret NS/own: dockerconfigjson: "registry.example.com": auth isn't base64 of "username:password": write it anew, or write username and password`,
		},
		"Account": {
			reason: "what the pods pull with", spec: v1alpha1.RegistrySpec{ServiceAccountName: "pods"},
			objects: []client.Object{account("pods", "one"), docker("one", host, "one")}, want: user("one"),
		},
		"AccountOrder": {
			reason: "of the same registry the first Secret counts, in either form", spec: v1alpha1.RegistrySpec{ServiceAccountName: "pods"},
			objects: []client.Object{account("pods", "two", "one"), docker("one", host, "one"), legacy("two", host, "two")}, want: user("two"),
		},
		"AccountSpecific": {
			reason: "the more specific key counts, as for the kubelet", spec: v1alpha1.RegistrySpec{ServiceAccountName: "pods"},
			objects: []client.Object{account("pods", "one", "two"), docker("one", host, "one"), docker("two", host+"/web-hook", "two")}, want: user("two"),
		},
		"AccountPassesOver": {
			reason: "the kubelet passes over Secrets that are missing or of another use, too", spec: v1alpha1.RegistrySpec{ServiceAccountName: "pods"},
			objects: []client.Object{account("pods", "", "gone", "other", "one"), opaque("other", "password", "x"), docker("one", host, "one")}, want: user("one"),
		},
		"AccountForAnother": {
			reason: "an account's Secrets may be for other registries", spec: v1alpha1.RegistrySpec{ServiceAccountName: "pods"},
			objects: []client.Object{account("pods", "gone", "one"), docker("one", "other.example.com", "one")},
		},
		"AccountWithoutSecrets": {
			reason: "an account without imagePullSecrets pulls as anybody", spec: v1alpha1.RegistrySpec{ServiceAccountName: "pods"},
			objects: []client.Object{account("pods")},
		},
		"AccountNothingLeft": {
			reason: "the one who lists Secrets means to use one", spec: v1alpha1.RegistrySpec{ServiceAccountName: "pods"},
			objects: []client.Object{account("pods", "gone", "other"), opaque("other", "password", "x")},
			err: "none of the imagePullSecrets of ServiceAccount NS/pods can be used: gone doesn't exist, other has neither the key .dockerconfigjson nor .dockercfg: " +
				"create them, of type kubernetes.io/dockerconfigjson",
		},
		"AccountBroken": {
			reason: "one that can't be read isn't passed over, as for the kubelet", spec: v1alpha1.RegistrySpec{ServiceAccountName: "pods"},
			objects: []client.Object{account("pods", "broken", "one"), opaque("broken", ".dockercfg", "planted"), docker("one", host, "one")},
			err:     `Secret NS/broken: dockercfg can't be read: write it like {"registry.example.com": {"username": "...", "password": "..."}}`,
		},
		"AccountMissing": {
			reason: "an account that is named must be there", spec: v1alpha1.RegistrySpec{ServiceAccountName: "pods"},
			err: "ServiceAccount NS/pods, which spec.registry.serviceAccountName names, doesn't exist: create it",
		},
		"AccountOfMany": {
			reason: "what one scan reads is bounded", spec: v1alpha1.RegistrySpec{ServiceAccountName: "pods"},
			objects: []client.Object{account("pods", strings.Fields(strings.Repeat("gone ", 33))...)},
			err:     "ServiceAccount NS/pods has 33 imagePullSecrets, of which at most 32 are read: name an account with fewer, or one Secret in spec.registry.secretRef",
		},
		"SecretFirst": {
			reason: "the policy's own comes first, and what isn't needed isn't read", spec: v1alpha1.RegistrySpec{SecretRef: ref("own"), ServiceAccountName: "gone"},
			objects: []client.Object{docker("own", host, "own")}, want: user("own"),
		},
		"SecretThenAccount": {
			reason: "where the policy's own says nothing, the account's count", spec: v1alpha1.RegistrySpec{SecretRef: ref("own"), ServiceAccountName: "pods"},
			objects: []client.Object{docker("own", "other.example.com", "own"), account("pods", "one"), docker("one", host, "one")}, want: user("one"),
		},
	})
}

func TestRegistryCertificates(t *testing.T) {
	t.Parallel()
	certificate, key := selfSigned(t)
	_, otherKey := selfSigned(t)
	spec := v1alpha1.RegistrySpec{CertSecretRef: ref("certs")}
	runAccess(t, map[string]accessCase{
		"Both": {
			reason: "the registry's and the client's", spec: spec, objects: []client.Object{opaque("certs", "ca.crt", certificate, "tls.crt", certificate, "tls.key", key)},
			want: registry.Access{CABundle: certificate, ClientCertificate: certificate, ClientKey: key},
		},
		"AuthorityOnly": {
			reason: "a private authority needs no client certificate", spec: spec, objects: []client.Object{opaque("certs", "ca.crt", certificate)},
			want: registry.Access{CABundle: certificate},
		},
		"ClientOnly": {
			reason: "a client certificate needs no private authority, and issuers leave an empty one", spec: spec,
			objects: []client.Object{opaque("certs", "ca.crt", "", "tls.crt", certificate, "tls.key", key)}, want: registry.Access{ClientCertificate: certificate, ClientKey: key},
		},
		"BesideCredential": {
			reason: "they stand beside a credential", spec: v1alpha1.RegistrySpec{CertSecretRef: ref("certs"), SecretRef: ref("own")},
			objects: []client.Object{opaque("certs", "ca.crt", certificate), docker("own", host, "own")},
			want:    registry.Access{Credential: user("own").Credential, CABundle: certificate},
		},
		"Missing": {reason: "a Secret that is named must be there", spec: spec, err: "Secret NS/certs, which spec.registry.certSecretRef names, doesn't exist: create it"},
		"Neither": {
			reason: "a Secret without certificates is a mistake", spec: spec, objects: []client.Object{opaque("certs", "caFile", certificate)},
			err: "Secret NS/certs has neither ca.crt nor tls.crt with tls.key: write the certificates of the registry, of the client, or both",
		},
		"NoKey": {
			reason: "a certificate needs its key", spec: spec, objects: []client.Object{opaque("certs", "tls.crt", certificate)},
			err: "Secret NS/certs, tls.crt and tls.key: the client certificate comes without its key: give both",
		},
		"NoCertificate": {
			reason: "a key needs its certificate", spec: spec, objects: []client.Object{opaque("certs", "tls.key", key, "ca.crt", certificate)},
			err: "Secret NS/certs, tls.crt and tls.key: the client key comes without its certificate: give both",
		},
		"OtherKey": {
			reason: "a rotation that was half done is told", spec: spec, objects: []client.Object{opaque("certs", "tls.crt", certificate, "tls.key", otherKey)},
			err: "Secret NS/certs, tls.crt and tls.key: the client certificate and its key can't be used together: write both as PEM, and the key that the certificate was made for",
		},
		"NoPEM": {
			reason: "what can't be read is told, and not quoted", spec: spec, objects: []client.Object{opaque("certs", "ca.crt", "planted")},
			err: "Secret NS/certs, ca.crt: the CA bundle holds no certificate that can be read: write PEM, -----BEGIN CERTIFICATE-----",
		},
	})
}

func TestRegistryProxy(t *testing.T) {
	t.Parallel()
	spec := v1alpha1.RegistrySpec{ProxySecretRef: ref("proxy")}
	runAccess(t, map[string]accessCase{
		"Address": {
			reason: "a proxy may ask for nothing; a file ends in a new line", spec: spec, objects: []client.Object{opaque("proxy", "address", "http://proxy.example.com:3128\n")},
			want: registry.Access{Proxy: "http://proxy.example.com:3128"},
		},
		"Credential": {
			reason: "a password may hold what means something in a URL", spec: spec,
			objects: []client.Object{opaque("proxy", "address", "https://proxy.example.com", "username", "me", "password", "a:b@c/d")},
			want:    registry.Access{Proxy: "https://me:a%3Ab%40c%2Fd@proxy.example.com"},
		},
		"CredentialInAddress": {
			reason: "who wrote them into the address meant them", spec: spec, objects: []client.Object{opaque("proxy", "address", "http://me:x@proxy.example.com")},
			want: registry.Access{Proxy: "http://me:x@proxy.example.com"},
		},
		"Missing":   {reason: "a Secret that is named must be there", spec: spec, err: "Secret NS/proxy, which spec.registry.proxySecretRef names, doesn't exist: create it"},
		"NoAddress": {reason: "a proxy has an address", spec: spec, objects: []client.Object{opaque("proxy", "username", "me")}, err: "Secret NS/proxy lacks the key address: write the proxy's URL there, like http://proxy.example.com:3128"},
		"NoURL": {
			reason: "an address is a URL, and isn't quoted: it may hold a password", spec: spec, objects: []client.Object{opaque("proxy", "address", "me:planted@proxy.example.com:3128")},
			err: "Secret NS/proxy, address: the proxy's address is no URL of a proxy: write it like http://proxy.example.com:3128",
		},
		"NoUsername": {
			reason: "a password alone is a mistake", spec: spec, objects: []client.Object{opaque("proxy", "address", "http://proxy.example.com", "password", "planted")},
			err: "Secret NS/proxy has the key password without username: write both or neither",
		},
	})
}

// runAccess plays each case in a namespace of its own.
func runAccess(t *testing.T, cases map[string]accessCase) {
	t.Helper()
	repository, err := registry.ParseImage(host+"/web-hook/www", false)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			policy := &v1alpha1.ImagePolicy{Spec: v1alpha1.ImagePolicySpec{Registry: tc.spec}}
			policy.Namespace = namespace(t, tc.objects)
			got, err := access.Registry(t.Context(), api, policy, repository)
			if got != tc.want {
				t.Errorf("\n%s\ngot  %s\nwant %s", tc.reason, fields(got), fields(tc.want))
			}
			if diff := cmp.Diff(tc.err, strings.ReplaceAll(text(err), policy.Namespace+"/", "NS/")); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if refused := (*access.Error)(nil); err != nil && (!errors.As(err, &refused) || refused.Reason != v1alpha1.ReasonSecretNotUsable || refused.Final) {
				t.Errorf("\n%s\n%#v: the reason must be SecretNotUsable, and creating a Secret, which isn't watched, must be found out by itself", tc.reason, err)
			}
		})
	}
}

// namespace makes a namespace that holds these objects.
func namespace(t *testing.T, objects []client.Object) string {
	t.Helper()
	made := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "access-"}}
	if err := api.Create(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		object.SetNamespace(made.Name)
		if err := api.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	return made.Name
}

// fields shows what an Access hides.
func fields(a registry.Access) string {
	return strings.Join([]string{a.Credential.Username, a.Credential.Password, a.CABundle, a.ClientCertificate, a.ClientKey, a.Proxy}, "|")
}

// selfSigned returns a certificate and its key.
func selfSigned(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}
