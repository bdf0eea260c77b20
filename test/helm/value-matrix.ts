import { MINIMUM, type Values } from './chart.ts';

const withRedis = (redis: Values): Values => ({ ...MINIMUM, redis });

/** Values that switch on, between them, everything that the chart can render. */
export const MATRIX: Readonly<Record<string, Values>> = {
  'nothing but what is needed': MINIMUM,
  'a Valkey beside': { auth: { mode: 'none' }, valkey: { enabled: true } },
  'a Valkey beside, in memory': { auth: { mode: 'none' }, valkey: { enabled: true, storage: '' } },
  'a Redis with TLS, user, password and database': withRedis({
    url: 'rediss://millrace:secret@redis.example/3',
    caSecret: { name: 'redis-ca' },
  }),
  'a Secret with the URL': withRedis({ existingSecret: { name: 'my-redis', key: 'url' } }),
  'a Secret with the URL, and how KEDA gets there': {
    ...withRedis({
      existingSecret: { name: 'my-redis', key: 'url' },
      scaler: {
        address: 'redis.example:6379',
        secretName: 'my-redis',
        passwordKey: 'password',
        tls: true,
        database: 1,
      },
    }),
    pools: { default: { autoscaling: { mode: 'keda' } } },
  },
  'Sentinels with a password, and sealed payloads': {
    ...withRedis({
      url: 'redis://user:word@any/2',
      sentinel: {
        nodes: ['sentinel-0:26379', 'sentinel-1:26379'],
        masterName: 'main',
        passwordSecret: { name: 'sentinels' },
      },
    }),
    payloadKeysSecret: { name: 'seals' },
    pools: { default: { autoscaling: { mode: 'keda' } } },
  },
  'a Redis Cluster, its URL in a Secret': {
    ...withRedis({
      existingSecret: { name: 'my-redis' },
      cluster: { nodes: ['node-0:6379', 'node-1:6379'] },
      scaler: { secretName: 'my-redis', passwordKey: 'password', tls: true },
    }),
    pools: { default: { autoscaling: { mode: 'keda' } } },
  },
  'all kinds of scaling': {
    ...MINIMUM,
    redis: { url: 'redis://user:word@redis.example:6380/2' },
    frontDoor: { autoscaling: { enabled: false } },
    pools: {
      default: { autoscaling: { mode: 'none' } },
      images: {
        slots: 4,
        longestCallSeconds: 300,
        plugins: ['./tools/images.ts'],
        autoscaling: { mode: 'keda', minReplicas: 0 },
      },
      texts: {
        serves: ['texts', 'Old_texts'],
        autoscaling: { mode: 'keda', keda: { scalingModifiers: true } },
      },
      maths: { autoscaling: { mode: 'hpa-external', external: { matchLabels: { cluster: 'one' } } } },
      words: { autoscaling: { mode: 'hpa-cpu', callsPerReplica: 3 } },
    },
  },
  'doors to the outside': {
    ...MINIMUM,
    frontDoor: { service: { type: 'LoadBalancer', port: 80, annotations: { a: 'b' } } },
    ingress: {
      enabled: true,
      className: 'nginx',
      annotations: { 'nginx.ingress.kubernetes.io/proxy-buffering': 'off' },
      hosts: ['mcp.example', 'tools.example'],
      tls: [{ secretName: 'mcp-tls', hosts: ['mcp.example'] }],
    },
    httpRoute: {
      enabled: true,
      parentRefs: [{ name: 'public', namespace: 'gateways' }],
      hostnames: ['mcp.example'],
    },
  },
  'watched by Prometheus and Grafana': {
    ...MINIMUM,
    metrics: {
      serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
      prometheusRule: { enabled: true },
      dashboards: { enabled: true },
    },
  },
  'every knob of a pod': {
    ...MINIMUM,
    auth: { mode: 'api-key,jwt' },
    prefix: 'blue',
    config: { callTimeoutMs: 90_000, frontDoor: { pageSize: 50 }, worker: { lockMs: 6_000 } },
    env: [{ name: 'TZ', value: 'UTC' }],
    envFrom: [{ secretRef: { name: 'keys' } }],
    commonLabels: { team: 'tools' },
    imagePullSecrets: [{ name: 'registry' }],
    serviceAccount: { annotations: { role: 'x' } },
    frontDoor: {
      image: { repository: 'registry.example/front-door', digest: `sha256:${'0'.repeat(64)}` },
      preStopSeconds: 0,
      shutdownSeconds: 20,
      priorityClassName: 'high',
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'tools', operator: 'Exists' }],
      affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
      podAnnotations: { a: 'b' },
      podLabels: { c: 'd' },
    },
    poolDefaults: {
      image: { repository: 'registry.example/tools', tag: '7' },
      plugins: ['./tools/a.ts', 'b'],
      env: [{ name: 'A', value: '1' }],
      envFrom: [{ configMapRef: { name: 'more' } }],
      extraVolumes: [{ name: 'tools', emptyDir: {} }],
      extraVolumeMounts: [{ name: 'tools', mountPath: '/app/tools' }],
      topologySpreadConstraints: [{ maxSkew: 2, topologyKey: 'rack', whenUnsatisfiable: 'DoNotSchedule' }],
      pdb: { maxUnavailable: '20%' },
      shareProcessNamespace: false,
    },
    pools: { default: null, one: {}, two: { replicas: 5 } },
    networkPolicy: {
      from: [{ ipBlock: { cidr: '10.0.0.0/8' } }],
      egress: [{ ports: [{ port: 6379, protocol: 'TCP' }] }],
    },
    tests: { tool: 'a', arguments: { b: 1 }, authorizationSecret: { name: 'test-key' } },
  },
  'as little as can be': {
    ...MINIMUM,
    existingConfigSecret: 'my-config',
    fullnameOverride: 'mill',
    frontDoor: { pdb: { enabled: false }, autoscaling: { enabled: false } },
    poolDefaults: { pdb: { enabled: false } },
    serviceAccount: { create: false },
    networkPolicy: { enabled: false },
  },
};
