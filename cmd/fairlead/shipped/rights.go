package shipped

import (
	"bytes"
	_ "embed" // the roles
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

// roles are generated from the markers beside the code that needs each right.
//
//go:embed role.yaml
var roles []byte

// Rights are what the controllers need for themselves. What Applications are applied with isn't among them.
type Rights struct {
	// Cluster holds in every namespace.
	Cluster []rbacv1.PolicyRule
	// Own holds in Fairlead's own namespace.
	Own []rbacv1.PolicyRule
}

// ControllerRights are the rules of the roles that are installed with this version.
func ControllerRights() (Rights, error) {
	var rights Rights
	for document := range bytes.SplitSeq(roles, []byte("\n---\n")) {
		var role rbacv1.ClusterRole // A Role has the same fields, as far as they count here.
		if err := yaml.Unmarshal(document, &role); err != nil {
			return Rights{}, fmt.Errorf("read the roles that this program was built with: %w", err)
		}
		switch role.Kind {
		case "ClusterRole":
			rights.Cluster = append(rights.Cluster, role.Rules...)
		case "Role":
			rights.Own = append(rights.Own, role.Rules...)
		}
	}
	return rights, nil
}
