package v1alpha1_test

import "testing"

func TestRepositoryURLs(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		spec   string
	}{
		"HTTPS":     {"what hosts show first", "{url: 'https://git.example.com/config.git'}"},
		"HTTP":      {"an explicit word allows it", "{url: 'http://git.example.com/config.git', insecure: true}"},
		"SSH":       {"with a port", "{url: 'ssh://git@git.example.com:2222/web-hook/config.git', secretRef: {name: git}}"},
		"Short":     {"what hosts show for SSH", "{url: 'git@git.example.com:web-hook/config.git', secretRef: {name: git}}"},
		"ShortIPv6": {"an address holds colons itself", "{url: 'git@[::1]:web-hook/config.git', secretRef: {name: git}}"},
		"Proxy":     {"on the way there", "{url: 'https://git.example.com/config.git', proxySecretRef: {name: proxy}}"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := create(t, repositoryHead+"spec: "+tc.spec); err != nil {
				t.Errorf("%s: %v", tc.reason, err)
			}
		})
	}
}
