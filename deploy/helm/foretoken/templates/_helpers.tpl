{{- define "foretoken.name" -}}
{{- if contains "foretoken" .Release.Name -}}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{- else -}}{{ printf "%s-foretoken" (.Release.Name | trunc 30) }}{{- end -}}
{{- end -}}

{{- define "foretoken.labels" -}}
app.kubernetes.io/name: foretoken
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* The replicas, as nginx is to look for them: as many as there may ever be. */}}
{{- define "foretoken.replicas" -}}
resolver {{ .Values.balancer.resolver }} valid=5s;
{{- $name := include "foretoken.name" . }}
{{- range $i := until (int (ternary .Values.autoscaling.max .Values.replicas .Values.autoscaling.enabled)) }}
server {{ $name }}-{{ $i }}.{{ $name }}-replicas.{{ $.Release.Namespace }}.svc.{{ $.Values.balancer.clusterDomain }}:8080 max_fails=0 resolve;
{{- end }}
{{- end -}}
