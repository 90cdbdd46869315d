package check_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// deployment is a Deployment of the controller, with the replicas that are wanted and ready.
const deployment = `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME, labels: {app.kubernetes.io/name: fairlead}}
spec:
  replicas: WANTED
  selector: {matchLabels: {app.kubernetes.io/name: fairlead}}
  template:
    metadata: {labels: {app.kubernetes.io/name: fairlead}}
    spec:
      serviceAccountName: fairlead
      containers: [{name: controller, image: IMAGE}]
status: {replicas: 1, readyReplicas: READY}
`

const pod = `---
apiVersion: v1
kind: Pod
metadata: {name: fairlead-0, labels: {app.kubernetes.io/name: fairlead}}
spec: {containers: [{name: controller, image: fairlead}]}
status:
  phase: Running
  conditions: [{type: Ready, status: "False"}]
  containerStatuses:
  - {name: controller, image: fairlead, imageID: "", ready: false, restartCount: 0, state: {waiting: {reason: ImagePullBackOff, message: no such image}}}
`

const lease = `---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: fairlead-controller}
spec: {holderIdentity: HOLDER, leaseDurationSeconds: 15, renewTime: "RENEWED"}
`

func deployed(name, wanted, ready, image string) string {
	return strings.NewReplacer("NAME", name, "WANTED", wanted, "READY", ready, "IMAGE", image).Replace(deployment)
}

// sided is a Deployment of one side.
func sided(name, side string) string {
	const image = "image: ghcr.io/fairlead/fairlead:v0.1.0"
	return strings.Replace(deployed(name, "1", "1", "ghcr.io/fairlead/fairlead:v0.1.0"), image, image+", args: [controller, \"--controllers="+side+"\"]", 1)
}

func led(holder, renewed string) string {
	return strings.NewReplacer("HOLDER", holder, "RENEWED", renewed).Replace(lease)
}

func TestController(t *testing.T) {
	t.Parallel()
	const fine, second = "ghcr.io/fairlead/fairlead:v0.1.0", "2026-11-23T11:59:58.000000Z"
	readyPod := strings.NewReplacer(`"False"`, `"True"`, "ready: false", "ready: true").Replace(pod)
	version := "  ✔ Version: the controller's image and this program are both v0.1.0\n"
	leads := "  ✔ Lease OFFICE/fairlead-controller: fairlead-0 leads, and renewed it 2s ago\n"
	logs := "      kubectl logs -n OFFICE -l app.kubernetes.io/name=fairlead -c controller\n"
	cases := map[string]struct{ reason, declared, want string }{
		"Fine": {
			reason: "all is well", declared: deployed("fairlead", "1", "1", fine) + readyPod + led("fairlead-0_a1b2", second),
			want: "  ✔ Deployment OFFICE/fairlead: 1 of 1 pods are ready\n" + version + leads,
		},
		"NotReady": {
			reason: "the kubelet says why", declared: deployed("fairlead", "1", "0", fine) + pod,
			want: "  ✗ Deployment OFFICE/fairlead: none of 1 pods is ready\n      kubectl describe pods -n OFFICE -l app.kubernetes.io/name=fairlead\n" +
				"  ✗ Pod OFFICE/fairlead-0: container controller waits: ImagePullBackOff no such image\n      kubectl logs fairlead-0 -n OFFICE -c controller\n" + version +
				"  ! Lease OFFICE/fairlead-controller: there is none: the controller hasn't begun to work, or runs without --leader-elect\n",
		},
		"ScaledToNone": {
			reason: "somebody stopped it", declared: deployed("fairlead", "0", "0", fine) + led("fairlead-0_a1b2", "2026-11-23T10:00:00.000000Z"),
			want: "  ✗ Deployment OFFICE/fairlead: it is scaled to 0: nothing is scanned, committed or synced\n" +
				"      kubectl scale deployment fairlead -n OFFICE --replicas=1\n" + version +
				"  ✗ Lease OFFICE/fairlead-controller: fairlead-0 holds it, and renewed it 2h0m0s ago the last time: no controller works\n" + logs,
		},
		"GivenBack": {
			reason: "it ended gently, and none took over", declared: deployed("fairlead", "1", "1", fine) + led(`""`, second),
			want: "  ✔ Deployment OFFICE/fairlead: 1 of 1 pods are ready\n" + version +
				"  ✗ Lease OFFICE/fairlead-controller: nobody holds it: no controller works\n" + logs,
		},
		"ElsewhereToo": {
			reason: "a second one runs on somebody's machine", declared: deployed("fairlead", "1", "1", fine) + readyPod + led("laptop_a1b2", second),
			want: "  ✔ Deployment OFFICE/fairlead: 1 of 1 pods are ready\n" + version +
				"  ! Lease OFFICE/fairlead-controller: laptop leads, which is no pod of Deployment fairlead: another controller runs outside of it\n",
		},
		"OtherVersion": {
			reason: "the program is newer", declared: deployed("fairlead", "1", "1", "localhost:5000/fairlead:v0.0.9@sha256:"+strings.Repeat("0", 64)) + led("fairlead-0_a1b2", second),
			want: "  ✔ Deployment OFFICE/fairlead: 1 of 1 pods are ready\n" +
				"  ! Version: the controller's image is v0.0.9, this program is v0.1.0: what they know may differ\n" + leads,
		},
		"Twice": {
			reason: "two releases", declared: deployed("fairlead", "1", "1", fine) + deployed("other", "1", "1", fine) + led("fairlead-0_a1b2", second),
			want: "  ✗ Deployment: there are 2 in namespace OFFICE, fairlead and other: two controllers write the same objects; uninstall one of them\n" + leads,
		},
		"Sides": {
			reason:   "each side has a Deployment and a Lease of its own",
			declared: sided("fairlead", "update") + sided("other", "sync") + strings.ReplaceAll(led("fairlead-0_a1b2", second), "fairlead-controller", "fairlead-update"),
			want: "  ✔ Deployment OFFICE/fairlead: 1 of 1 pods are ready\n" + version +
				"  ✔ Lease OFFICE/fairlead-update: fairlead-0 leads, and renewed it 2s ago\n" +
				"  ✔ Deployment OFFICE/other: 1 of 1 pods are ready\n" + version +
				"  ! Lease OFFICE/fairlead-sync: there is none: the controller hasn't begun to work, or runs without --leader-elect\n",
		},
		"SameSides": {
			reason: "two for the same side", declared: sided("fairlead", "sync") + sided("other", "sync"),
			want: "  ✗ Deployment: there are 2 in namespace OFFICE, fairlead and other: two controllers write the same objects; uninstall one of them\n" +
				"  ! Lease OFFICE/fairlead-controller: there is none: a controller that runs without --leader-elect takes none, and whether one works can't be told from here\n",
		},
		"SeveralWithoutALease": {
			reason: "all of them would work", declared: deployed("fairlead", "2", "1", fine),
			want: "  ! Deployment OFFICE/fairlead: 1 of 2 pods are ready\n      kubectl describe pods -n OFFICE -l app.kubernetes.io/name=fairlead\n" + version +
				"  ✗ Lease OFFICE/fairlead-controller: there is none, and 2 replicas are wanted: run them with --leader-elect, or all of them work at once\n",
		},
		"Renamed": {
			reason: "the chart's nameOverride changes the label: it is found by what it runs, and so are its pods",
			declared: strings.ReplaceAll(sided("gitops", "update,sync"), "app.kubernetes.io/name: fairlead", "app.kubernetes.io/name: gitops") +
				led("", second),
			want: "  ✔ Deployment OFFICE/gitops: 1 of 1 pods are ready\n" + version +
				"  ✗ Lease OFFICE/fairlead-controller: nobody holds it: no controller works\n" +
				"      kubectl logs -n OFFICE -l app.kubernetes.io/name=gitops -c controller\n",
		},
		"None": {
			reason: "it runs elsewhere, or nowhere",
			want: "  ! Deployment: none with the label app.kubernetes.io/name=fairlead is in namespace OFFICE: the controller runs elsewhere, or --controller-namespace is another one\n" +
				"  ! Lease OFFICE/fairlead-controller: there is none: a controller that runs without --leader-elect takes none, and whether one works can't be told from here\n",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.Declare(tc.declared)
			asked := options()
			asked.Namespace, asked.ControllerNamespace = o.Namespace, o.Namespace
			if diff := cmp.Diff(tc.want, about(o.named(looked(t, installed, "", asked)))["Controller"]); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestDeployRights asks for what a team's ServiceAccount needs for the objects that its Application has.
func TestDeployRights(t *testing.T) {
	t.Parallel()
	const resources = "status:\n  resources:\n  - {group: apps, version: v1, kind: Deployment, namespace: OFFICE, name: www}\n" +
		"  - {version: v1, kind: Service, namespace: OFFICE, name: www}\n"
	o := newOffice(t)
	o.Declare("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: fairlead-sync}\n")
	o.Declare(strings.ReplaceAll(application("webhooks", "config", "apps/webhooks", resources), "OFFICE", o.Namespace))
	asked := options()
	asked.Namespace = o.Namespace
	look := func() string { return about(o.named(looked(t, installed, "", asked)))["Rights of Applications"] }
	const watching = "  ✗ Watching by ServiceAccount fairlead/fairlead: it has none of the 4 rights that it needs: its roles aren't bound\n" +
		"      kubectl create clusterrole fairlead-watch --verb=list,watch --resource=deployments.apps,services\n" +
		"      kubectl create clusterrolebinding fairlead-watch --clusterrole=fairlead-watch --serviceaccount=fairlead:fairlead\n"
	const mend = "      kubectl create rolebinding fairlead-sync -n OFFICE --clusterrole=edit --serviceaccount=OFFICE:fairlead-sync\n"
	want := "  ✗ ServiceAccount OFFICE/fairlead-sync: it has none of the 6 rights that it needs: its roles aren't bound\n" + mend + watching
	if diff := cmp.Diff(want, look()); diff != "" {
		t.Errorf("nothing was granted: -want +got:\n%s", diff)
	}
	o.Allow(account(o.Namespace, "fairlead-sync"), rule("apps", []string{"deployments"}, "get", "create", "patch"), rule("", []string{"services"}, "get"))
	want = "  ✗ ServiceAccount OFFICE/fairlead-sync: it may not create and patch services in namespace OFFICE\n" + mend + watching
	if diff := cmp.Diff(want, look()); diff != "" {
		t.Errorf("too little was granted: -want +got:\n%s", diff)
	}
}
