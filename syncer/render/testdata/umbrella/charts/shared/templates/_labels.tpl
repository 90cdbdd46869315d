{{- define "shared.labels" -}}{release: {{ .Release.Name }}}{{- end }}
