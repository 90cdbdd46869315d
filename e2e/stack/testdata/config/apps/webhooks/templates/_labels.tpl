{{/* Labels of one service: include "webhooks.labels" (list . "www") */}}
{{- define "webhooks.labels" -}}
{{ include "webhooks.selector" . }}
app.kubernetes.io/part-of: webhooks
helm.sh/chart: {{ (index . 0).Chart.Name }}-{{ (index . 0).Chart.Version }}
{{- end }}

{{/* Labels that select the pods of one service; they never change. */}}
{{- define "webhooks.selector" -}}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/name: {{ index . 1 }}
{{- end }}
