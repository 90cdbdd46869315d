package syncer

const (
	kindNamespace  = "Namespace"
	kindCRD        = "CustomResourceDefinition"
	groupCRD       = "apiextensions.k8s.io"
	kindDeployment = "Deployment"
	kindCronJob    = "CronJob"
	kindJob        = "Job"
	kindPod        = "Pod"
)

// order is the order in which kinds are applied: Helm's and Argo CD's order of installation, except that definitions of
// kinds come right after namespaces, because anything may be an instance of them. Kinds in one group are applied at the
// same time. Kinds that aren't named come after the workloads and before what intercepts requests: an object that a
// webhook would have to admit must not wait for the very pods that serve the webhook.
//
//nolint:gochecknoglobals // a table; nothing changes it
var order = rankOf([][]string{
	{"PriorityClass", kindNamespace},
	{kindCRD},
	{"NetworkPolicy", "ResourceQuota", "LimitRange", "PodDisruptionBudget"},
	{"ServiceAccount"},
	{"Secret", "ConfigMap", "StorageClass"},
	{"PersistentVolume"},
	{"PersistentVolumeClaim"},
	{"ClusterRole", "Role"},
	{"ClusterRoleBinding", "RoleBinding"},
	{"Service"},
	{"DaemonSet", kindPod, "ReplicationController", "ReplicaSet", kindDeployment, "StatefulSet"},
	{"HorizontalPodAutoscaler"},
	{kindJob, kindCronJob},
	{"IngressClass"},
	{"Ingress"},
	{unnamed},
	{"APIService"},
	{"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"},
})

// unnamed holds the place of kinds that the order doesn't name. No kind has this name.
const unnamed = "*"

func rankOf(groups [][]string) map[string]int {
	ranks := map[string]int{}
	for i, kinds := range groups {
		for _, kind := range kinds {
			ranks[kind] = i
		}
	}
	return ranks
}

// builtin are the groups of the kinds that the order names. A kind of the same name in another group is another kind.
//
//nolint:gochecknoglobals // a table; nothing changes it
var builtin = map[string]bool{
	"": true, "apps": true, "batch": true, "policy": true, "autoscaling": true, "rbac.authorization.k8s.io": true,
	"networking.k8s.io": true, "storage.k8s.io": true, "scheduling.k8s.io": true, groupCRD: true,
	"admissionregistration.k8s.io": true, "apiregistration.k8s.io": true,
}

// rank is the place of an object's kind in the order.
func rank(id ID) int {
	if found, ok := order[id.Kind]; ok && builtin[id.Group] {
		return found
	}
	return order[unnamed]
}
