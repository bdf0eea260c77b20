{{- define "millrace.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "millrace.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "millrace.labels" -}}
{{ include "millrace.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "millrace.serviceAccountName" -}}
{{- $own := ternary (include "millrace.fullname" .) "default" .Values.serviceAccount.create -}}
{{- default $own .Values.serviceAccount.name -}}
{{- end -}}

{{/* An image of a pool or of the front door. Takes a list of the root and the image. */}}
{{- define "millrace.image" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default $root.Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{/* One pool, its defaults filled in. Takes a list of the root and the name. */}}
{{- define "millrace.pool" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $pool := mustMergeOverwrite (deepCopy $root.Values.poolDefaults) (deepCopy (default dict (index $root.Values.pools $name))) -}}
{{- if not $pool.serves -}}
{{- $_ := set $pool "serves" (list $name) -}}
{{- end -}}
{{- toYaml $pool -}}
{{- end -}}

{{/* Calls for one worker of a pool. Takes the pool. */}}
{{- define "millrace.callsPerReplica" -}}
{{- $share := mulf (float64 .slots) (float64 .autoscaling.targetUtilization) | floor | int -}}
{{- default (max 1 $share) .autoscaling.callsPerReplica | int -}}
{{- end -}}

{{/* The longest call of all pools, in seconds. */}}
{{- define "millrace.longestCallSeconds" -}}
{{- $longest := 0 -}}
{{- range $name, $_ := .Values.pools -}}
{{- $pool := include "millrace.pool" (list $ $name) | fromYaml -}}
{{- $longest = max $longest (int $pool.longestCallSeconds) -}}
{{- end -}}
{{- $longest -}}
{{- end -}}

{{/* Pools that may have no worker for a while, with commas between. */}}
{{- define "millrace.sleepingPools" -}}
{{- $sleeping := list -}}
{{- range $name, $_ := .Values.pools -}}
{{- $pool := include "millrace.pool" (list $ $name) | fromYaml -}}
{{- if and (eq $pool.autoscaling.mode "keda") (eq (int $pool.autoscaling.minReplicas) 0) -}}
{{- $sleeping = concat $sleeping $pool.serves -}}
{{- end -}}
{{- end -}}
{{- $sleeping | uniq | sortAlpha | join "," -}}
{{- end -}}

{{/* The URL where the chart knows it. */}}
{{- define "millrace.redisUrl" -}}
{{- if .Values.redis.url -}}
{{- .Values.redis.url -}}
{{- else if .Values.valkey.enabled -}}
{{- printf "redis://%s-valkey:6379" .Release.Name -}}
{{- end -}}
{{- end -}}

{{- define "millrace.redisSecretName" -}}
{{- default (printf "%s-redis" (include "millrace.fullname" .)) .Values.redis.existingSecret.name -}}
{{- end -}}

{{- define "millrace.envelopeSecretName" -}}
{{- default (printf "%s-envelope" (include "millrace.fullname" .)) .Values.auth.envelopeKeySecret.name -}}
{{- end -}}

{{- define "millrace.configSecretName" -}}
{{- default (printf "%s-config" (include "millrace.fullname" .)) .Values.existingConfigSecret -}}
{{- end -}}

{{/* How KEDA reaches Redis, as a map; empty when the chart cannot know. */}}
{{- define "millrace.redisScaler" -}}
{{- $redis := .Values.redis -}}
{{- $nodes := concat $redis.sentinel.nodes $redis.cluster.nodes | join "," -}}
{{- $way := dict "type" "redis" -}}
{{- if $redis.sentinel.nodes -}}
{{- $way = dict "type" "redis-sentinel" "addresses" $nodes "master" $redis.sentinel.masterName -}}
{{- else if $redis.cluster.nodes -}}
{{- $way = dict "type" "redis-cluster" "addresses" $nodes -}}
{{- end -}}
{{- $scaler := $redis.scaler -}}
{{- if or $scaler.address (and $nodes $redis.existingSecret.name) -}}
{{- toYaml (merge $way (dict "addresses" $scaler.address "tls" $scaler.tls "database" (int $scaler.database) "secretName" $scaler.secretName "usernameKey" $scaler.usernameKey "passwordKey" $scaler.passwordKey)) -}}
{{- else if not $redis.existingSecret.name -}}
{{- $url := urlParse (include "millrace.redisUrl" .) -}}
{{- $address := ternary $url.host (printf "%s:6379" $url.host) (regexMatch ":[0-9]+$" $url.host) -}}
{{- $user := splitn ":" 2 $url.userinfo -}}
{{- $database := default "0" (trimPrefix "/" $url.path) | int -}}
{{- toYaml (merge $way (dict "addresses" $address "tls" (eq $url.scheme "rediss") "database" $database "secretName" (ternary "" (include "millrace.redisSecretName" .) (empty $url.userinfo)) "usernameKey" (ternary "" "username" (empty $user._0)) "passwordKey" (ternary "" "password" (empty $user._1)))) -}}
{{- else -}}
{}
{{- end -}}
{{- end -}}

{{/* Environment that front doors and workers share. */}}
{{- define "millrace.environment" -}}
- name: REDIS_URL
  valueFrom:
    secretKeyRef:
      name: {{ include "millrace.redisSecretName" . }}
      key: {{ ternary .Values.redis.existingSecret.key "redis-url" (not (empty .Values.redis.existingSecret.name)) }}
{{- with .Values.redis.sentinel }}
{{- if .nodes }}
- { name: MILLRACE_REDIS_SENTINELS, value: {{ join "," .nodes | quote }} }
- { name: MILLRACE_REDIS_MASTER_NAME, value: {{ .masterName | quote }} }
{{- end }}
{{- if .passwordSecret.name }}
- name: MILLRACE_REDIS_SENTINEL_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .passwordSecret.name }}
      key: {{ .passwordSecret.key }}
{{- end }}
{{- end }}
{{- with .Values.redis.cluster.nodes }}
- { name: MILLRACE_REDIS_CLUSTER_NODES, value: {{ join "," . | quote }} }
{{- end }}
{{- with .Values.payloadKeysSecret }}
{{- if .name }}
- name: MILLRACE_PAYLOAD_KEYS
  valueFrom:
    secretKeyRef:
      name: {{ .name }}
      key: {{ .key }}
{{- end }}
{{- end }}
- { name: MILLRACE_CONFIG, value: /etc/millrace/config.json }
- { name: MILLRACE_AUTH, value: {{ .Values.auth.mode | quote }} }
{{- if ne .Values.auth.mode "none" }}
- name: MILLRACE_ENVELOPE_KEY
  valueFrom:
    secretKeyRef:
      name: {{ include "millrace.envelopeSecretName" . }}
      key: {{ ternary .Values.auth.envelopeKeySecret.key "envelope-key" (not (empty .Values.auth.envelopeKeySecret.name)) }}
{{- end }}
- { name: MILLRACE_PREFIX, value: {{ .Values.prefix | quote }} }
- { name: MILLRACE_ADMIN_HOST, value: 0.0.0.0 }
{{- if include "millrace.sleepingPools" . }}
{{- /* The tools of a pool that sleeps stay known for a week. */}}
- { name: MILLRACE_OFFER_TTL_MS, value: "604800000" }
{{- end }}
{{- if .Values.redis.caSecret.name }}
- { name: NODE_EXTRA_CA_CERTS, value: /etc/millrace-ca/ca.crt }
{{- end }}
{{- end -}}

{{- define "millrace.volumes" -}}
- name: config
  secret:
    secretName: {{ include "millrace.configSecretName" . }}
- name: tmp
  emptyDir: {}
{{- if .Values.redis.caSecret.name }}
- name: redis-ca
  secret:
    secretName: {{ .Values.redis.caSecret.name }}
    items:
      - { key: {{ .Values.redis.caSecret.key | quote }}, path: ca.crt }
{{- end }}
{{- end -}}

{{- define "millrace.volumeMounts" -}}
- { name: config, mountPath: /etc/millrace, readOnly: true }
- { name: tmp, mountPath: /tmp }
{{- if .Values.redis.caSecret.name }}
- { name: redis-ca, mountPath: /etc/millrace-ca, readOnly: true }
{{- end }}
{{- end -}}

{{/* A rollout follows when one of these changes. */}}
{{- define "millrace.checksums" -}}
checksum/config: {{ include (print $.Template.BasePath "/config-secret.yaml") . | sha256sum }}
checksum/redis: {{ include (print $.Template.BasePath "/redis-secret.yaml") . | sha256sum }}
{{- end -}}

{{- define "millrace.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "millrace.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/* Evenly over hosts and zones. Takes the labels of the pods, as YAML. */}}
{{- define "millrace.spread" -}}
{{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- $ | nindent 6 }}
{{- end }}
{{- end -}}

{{- define "millrace.probes" -}}
livenessProbe:
  httpGet: { path: /livez, port: admin }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /readyz, port: admin }
  periodSeconds: 5
  timeoutSeconds: 5
{{- end -}}

{{/* What an HPA may change how fast. Takes the autoscaling of a pool. */}}
{{- define "millrace.scalingBehavior" -}}
scaleUp:
  stabilizationWindowSeconds: 0
  selectPolicy: Max
  policies:
    - { type: Percent, value: {{ int .scaleUp.percent }}, periodSeconds: 15 }
    - { type: Pods, value: {{ int .scaleUp.pods }}, periodSeconds: 15 }
scaleDown:
  stabilizationWindowSeconds: {{ int .scaleDown.stabilizationSeconds }}
  policies:
    - { type: Percent, value: {{ int .scaleDown.percent }}, periodSeconds: 60 }
{{- end -}}
