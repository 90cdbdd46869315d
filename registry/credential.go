package registry

// Credential is what a registry asks for. The zero value is anonymous access. Two equal values are the same
// credential. It is never printed: every way to format it gives a fixed text.
type Credential struct {
	// Username and Password are sent to the registry (Basic) or to its token server (Bearer).
	Username, Password string
	// IdentityToken is an OAuth 2 refresh token, exchanged at the token server in place of user name and password.
	IdentityToken string
	// RegistryToken is a bearer token, sent to the registry as it is.
	RegistryToken string
}

// String hides the secrets from package fmt.
func (c Credential) String() string {
	if c == (Credential{}) {
		return "anonymous"
	}

	return "credential (hidden)"
}

// GoString hides the secrets from %#v.
func (c Credential) GoString() string { return c.String() }

// MarshalText hides the secrets from encoders and structured logs.
func (c Credential) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// secrets returns everything that must not appear in an error.
func (c Credential) secrets() []string {
	secrets := []string{c.Password, c.IdentityToken, c.RegistryToken}
	if c.Password != "" {
		secrets = append(secrets, basic(c))
	}

	return secrets
}
