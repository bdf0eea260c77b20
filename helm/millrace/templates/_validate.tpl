{{/* Rules over several values, which the schema cannot tell. */}}
{{- define "millrace.validate" -}}
{{- $ways := 0 -}}
{{- range list .Values.redis.url .Values.redis.existingSecret.name .Values.valkey.enabled -}}
{{- if . -}}{{- $ways = add1 $ways -}}{{- end -}}
{{- end -}}
{{- if ne (int $ways) 1 -}}
{{- fail "redis: set one of redis.url (redis://HOST:6379), redis.existingSecret.name and valkey.enabled (for trials)" -}}
{{- end -}}
{{- if and .Values.redis.sentinel.nodes .Values.redis.cluster.nodes -}}
{{- fail "redis.sentinel.nodes, redis.cluster.nodes: set one of them: a Redis Cluster sees to fail-over itself" -}}
{{- end -}}
{{- if and .Values.valkey.enabled (or .Values.redis.sentinel.nodes .Values.redis.cluster.nodes) -}}
{{- fail "valkey.enabled: the Valkey of a trial has neither Sentinels nor nodes of a cluster (redis.sentinel.nodes, redis.cluster.nodes)" -}}
{{- end -}}
{{- if not .Values.auth.mode -}}
{{- fail "auth.mode: say how clients authenticate: api-key, jwt, api-key,jwt; or none where whoever reaches the front door may use it" -}}
{{- end -}}
{{- if and .Values.config .Values.existingConfigSecret -}}
{{- fail "config, existingConfigSecret: set one of them" -}}
{{- end -}}
{{- if and .Values.redis.url (contains "%" (default "" (urlParse .Values.redis.url).userinfo)) -}}
{{- fail "redis.url: a password with %-escapes cannot be handed to KEDA; use redis.existingSecret and redis.scaler" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- fail "ingress.enabled: ingress.hosts is empty" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- fail "httpRoute.enabled: httpRoute.parentRefs is empty" -}}
{{- end -}}
{{- range $name, $_ := .Values.pools -}}
{{- $pool := include "millrace.pool" (list $ $name) | fromYaml -}}
{{- $scaling := $pool.autoscaling -}}
{{- if gt (int $scaling.minReplicas) (int $scaling.maxReplicas) -}}
{{- fail (printf "pools.%s.autoscaling: minReplicas %d is more than maxReplicas %d" $name (int $scaling.minReplicas) (int $scaling.maxReplicas)) -}}
{{- end -}}
{{- if and (eq (int $scaling.minReplicas) 0) (has $scaling.mode (list "hpa-external" "hpa-cpu")) -}}
{{- fail (printf "pools.%s.autoscaling: minReplicas 0 needs mode keda: an HPA does not scale to zero" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
