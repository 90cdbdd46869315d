{{/* The name of the chart, or what replaces it. */}}
{{- define "fairlead.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* What the names of all objects begin with; room is left for their suffixes. */}}
{{- define "fairlead.fullname" -}}
{{- $name := include "fairlead.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 44 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 44 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 44 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* Labels of an object: (dict "root" $ "labels" …). Each stands once, since a key that is there twice is no YAML: the object's
own come before those of every object, and these before the chart's, but for those that pods are selected by. */}}
{{- define "fairlead.labels" -}}
{{- $root := .root }}
{{- $labels := dict "app.kubernetes.io/part-of" "fairlead" "app.kubernetes.io/managed-by" $root.Release.Service }}
{{- $_ := set $labels "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") }}
{{- /* A tag may begin and end with what a label may not. */}}
{{- $version := $root.Values.image.tag | default $root.Chart.AppVersion | trunc 63 }}
{{- $_ := set $labels "app.kubernetes.io/version" (regexReplaceAll "^[^A-Za-z0-9]+|[^A-Za-z0-9]+$" $version "") }}
{{- $selector := fromYaml (include "fairlead.selectorLabels" $root) }}
{{- toYaml (merge (dict) $selector (.labels | default dict) ($root.Values.commonLabels | default dict) $labels) }}
{{- end }}

{{/* Labels that select the pods. They never change: a Deployment's selector can't. */}}
{{- define "fairlead.selectorLabels" -}}
app.kubernetes.io/name: {{ include "fairlead.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* metadata of an object: (dict "root" $ "suffix" "-metrics" "labels" … "annotations" … "namespace" …) */}}
{{- define "fairlead.metadata" -}}
name: {{ include "fairlead.fullname" .root }}{{ .suffix }}
{{- if not .cluster }}
namespace: {{ .namespace | default .root.Release.Namespace }}
{{- end }}
labels:
  {{- include "fairlead.labels" (dict "root" .root "labels" .labels) | nindent 2 }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "fairlead.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "fairlead.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* The subject of every binding. */}}
{{- define "fairlead.subjects" -}}
subjects:
- kind: ServiceAccount
  name: {{ include "fairlead.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}

{{- define "fairlead.image" -}}
{{- $image := .Values.image }}
{{- $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
{{- with $image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/* The rules of one kind of role that controller-gen collected from the markers beside the code. */}}
{{- define "fairlead.rules" -}}
{{- $kind := .kind }}
{{- range splitList "\n---\n" (.root.Files.Get "files/rbac/role.yaml") }}
{{- $role := fromYaml . }}
{{- if eq (get $role "kind") $kind }}
{{- toYaml $role.rules }}
{{- end }}
{{- end }}
{{- end }}

{{/* What the schema can't say. */}}
{{- define "fairlead.validate" -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.controller.leaderElect) }}
{{- fail (printf "replicas is %d and controller.leaderElect false: all replicas would work at once: elect a leader, or run one" (int .Values.replicas)) }}
{{- end }}
{{- if and (eq (len .Values.controller.controllers) 1) (not .Values.controller.leaderElect) }}
{{- fail (printf "controller.controllers is %s alone and controller.leaderElect false: the sides know by their Leases which one follows the branches: elect leaders" (first .Values.controller.controllers)) }}
{{- end }}
{{- if and .Values.rbac.create (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) }}
{{- fail "serviceAccount.create is false and serviceAccount.name empty: the rights would go to the ServiceAccount default, as which every pod runs that names none: name another one, or set rbac.create to false" }}
{{- end }}
{{- $ports := dict (toString .Values.health.port) "health.port" }}
{{- range $name := list "metrics" "webhooks" }}
{{- $server := get $.Values $name }}
{{- if $server.enabled }}
{{- with get $ports (toString $server.port) }}
{{- fail (printf "%s and %s.port are both %d: give one of them another port" . $name (int $server.port)) }}
{{- end }}
{{- $_ := set $ports (toString $server.port) (printf "%s.port" $name) }}
{{- end }}
{{- end }}
{{- $budget := .Values.podDisruptionBudget }}
{{- if and $budget.enabled (ne (toString $budget.minAvailable) "") (ne (toString $budget.maxUnavailable) "") }}
{{- fail "podDisruptionBudget.minAvailable and maxUnavailable are both set: leave one of them empty" }}
{{- end }}
{{- if and .Values.webhooks.ingress.enabled (not .Values.webhooks.enabled) }}
{{- fail "webhooks.ingress.enabled is true and webhooks.enabled false: nothing would answer: enable webhooks, too" }}
{{- end }}
{{- if and .Values.webhooks.ingress.enabled (not .Values.webhooks.ingress.hosts) }}
{{- fail "webhooks.ingress.hosts is empty: name the host that registries and Git hosts post to" }}
{{- end }}
{{- $sync := .Values.rbac.sync }}
{{- if and $sync.clusterWide (or $sync.namespaces $sync.watch) }}
{{- fail "rbac.sync.namespaces and rbac.sync.watch narrow nothing while rbac.sync.clusterWide is true: set it to false, or leave them out" }}
{{- end }}
{{- if not .Values.metrics.enabled }}
{{- range $name := list "serviceMonitor" "prometheusRule" "dashboard" }}
{{- if (get $.Values.metrics $name).enabled }}
{{- fail (printf "metrics.%s.enabled is true and metrics.enabled false: there would be no metrics: enable them, too" $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Which nodes the pods run on. */}}
{{- define "fairlead.placement" -}}
{{- $placement := dict }}
{{- range $field := list "nodeSelector" "tolerations" "affinity" }}
{{- with get $.Values $field }}
{{- $_ := set $placement $field . }}
{{- end }}
{{- end }}
{{- $selector := dict "matchLabels" (fromYaml (include "fairlead.selectorLabels" .)) }}
{{- $spread := list }}
{{- range .Values.topologySpreadConstraints }}
{{- $spread = append $spread (hasKey . "labelSelector" | ternary . (merge (dict "labelSelector" $selector) .)) }}
{{- end }}
{{- with $spread }}
{{- $_ := set $placement "topologySpreadConstraints" . }}
{{- end }}
{{- if $placement }}
{{- toYaml $placement }}
{{- end }}
{{- end }}
