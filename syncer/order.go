package syncer

import "cmp"

// kindOrder is the order in which kinds are applied, as Helm and Argo CD have it: what others need comes first. Kinds
// that aren't listed come after the listed workloads and before what routes and checks requests.
var kindOrder = kindRanks( //nolint:gochecknoglobals // a constant in all but syntax
	"Namespace", "CustomResourceDefinition", "PriorityClass", "NetworkPolicy", "ResourceQuota", "LimitRange", "PodDisruptionBudget",
	"ServiceAccount", "Secret", "ConfigMap", "StorageClass", "PersistentVolume", "PersistentVolumeClaim",
	"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "Service",
	"DaemonSet", "Pod", "ReplicationController", "ReplicaSet", "Deployment", "HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob",
	"", "IngressClass", "Ingress", "APIService", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration",
)

func kindRanks(kinds ...string) map[string]int {
	ranks := make(map[string]int, len(kinds))
	for rank, kind := range kinds {
		ranks[kind] = rank
	}
	return ranks
}

// compareOrder orders by kind, then by namespace and name.
func compareOrder(a, b ID) int {
	return cmp.Or(
		cmp.Compare(rankOf(a.Kind), rankOf(b.Kind)),
		cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Namespace, b.Namespace),
		cmp.Compare(a.Name, b.Name),
	)
}

func rankOf(kind string) int {
	if rank, ok := kindOrder[kind]; ok {
		return rank
	}
	return kindOrder[""]
}
