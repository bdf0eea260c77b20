import { randomBytes } from 'node:crypto';
import {
  type Announcer,
  Claims,
  connectPatient,
  DeadLetters,
  disconnect,
  Keys,
  type RedisSource,
  redisSourceOf,
  whenReady,
} from '@millrace/broker';
import { Slots } from '@millrace/resilience';
import {
  createMetrics,
  Lifecycle,
  type Logger,
  type Phase,
  type Service,
  type Tracer,
  watchProcess,
} from '@millrace/service';
import type { Middleware, Plugin, Registry, ToolTarget } from '@millrace/toolkit';
import type { UpstreamSettings } from '@millrace/upstreams';
import { announcementOf } from './announcement.ts';
import { Answering } from './answering.ts';
import { BatchRunner } from './batch-runner.ts';
import { CallRunner } from './call-runner.ts';
import { ownBreaker, queuesOf } from './canary.ts';
import type { WorkerConfig } from './config.ts';
import { type Drained, drain } from './drain.ts';
import { keepState, registerUpstreams } from './hosted-upstreams.ts';
import { Intakes } from './intakes.ts';
import { listeners } from './listeners.ts';
import { RunningCalls } from './running-calls.ts';
import { ToolBatches } from './tool-batches.ts';
import { ToolFigures } from './tool-figures.ts';
import { WorkerAdmin } from './worker-admin.ts';
import { WorkerGuard } from './worker-guard.ts';
import { WorkerPolicies } from './worker-policies.ts';
import { createRegistry, stateKeyOf } from './worker-registry.ts';
import { WorkerState } from './worker-state.ts';

/** Version told to clients in `serverInfo`. */
const VERSION = '0.1.0';

export interface WorkerParts {
  readonly plugins: readonly Plugin[];
  /** Existing MCP servers that it hosts; one that is broken does not keep the worker from serving the rest. */
  readonly upstreams?: readonly UpstreamSettings[];
  /** Layers around those of the plugins, the outermost first. */
  readonly middleware?: readonly Middleware[];
  /** Environment that is handed to the plugins. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  /** Absent where nothing is traced. */
  readonly tracer?: Tracer | undefined;
}

/** A worker: takes batches of its pools from the queue, runs their calls, sends frames back. */
export interface Worker extends Service {
  readonly id: string;
  readonly phase: Phase;
  /** Plugins may be registered and unregistered while it runs. */
  readonly registry: Registry;
  readonly adminAddress: { readonly host: string; readonly port: number };
}

/** Builds a worker. Nothing runs, and Redis is not touched, before `start()`. */
export function createWorker(config: WorkerConfig, parts: WorkerParts): Worker {
  return new ClusterWorker(config, parts);
}

class ClusterWorker implements Worker {
  readonly id = `w-${randomBytes(6).toString('hex')}`;
  readonly registry: Registry;
  readonly #config: WorkerConfig;
  readonly #parts: WorkerParts;
  readonly #logger: Logger;
  readonly #metrics = createMetrics();
  readonly #running = new RunningCalls();
  readonly #slots: Slots;
  /** Pools whose calls it takes: its own too, when it keeps state for somebody. */
  readonly #pools: readonly string[];
  readonly #answering: Answering;
  readonly #guard: WorkerGuard | undefined;
  readonly #policies: WorkerPolicies;
  readonly #state: WorkerState;
  readonly #toolBatches: ToolBatches;
  readonly #batches: BatchRunner;
  readonly #intakes: Intakes;
  readonly #admin: WorkerAdmin;
  readonly #lifecycle: Lifecycle;

  constructor(config: WorkerConfig, parts: WorkerParts) {
    this.#config = config;
    this.#parts = parts;
    this.#logger = parts.logger;
    this.#slots = new Slots(config.slots);
    const source = redisSourceOf(config, parts.logger);
    const keys = new Keys(config.prefix);
    const commands = connectPatient(source, 'worker');
    this.#policies = this.#workerPolicies(source, keys);
    this.#state = new WorkerState({ settings: config, source, keys, metrics: this.#metrics });
    this.registry = createRegistry({
      config,
      env: parts.env ?? {},
      redis: commands,
      keys,
      state: this.#state,
      policies: this.#policies,
      running: this.#running,
      metrics: this.#metrics,
      logger: this.#logger,
    });
    this.#answering = new Answering({
      redis: commands,
      keys,
      metrics: this.#metrics,
      isIdempotent: (call) => this.registry.find(call)?.idempotent ?? true,
      logger: this.#logger,
    });
    const figures = { metrics: this.#metrics, logger: this.#logger };
    this.#guard = WorkerGuard.of(config, { redis: commands, keys, ...figures });
    this.#toolBatches = new ToolBatches({
      slots: this.#slots,
      onSlots: () => this.#intakes.adjust(),
      policyOf: (tool) => this.#policies.of(tool as ToolTarget)?.batch,
      onRun: (tool, calls) => this.#metrics.toolBatchSize.observe({ tool }, calls),
    });
    this.#batches = this.#batchRunner(commands, keys);
    const queues = queuesOf(config);
    this.#pools = keepState(parts.upstreams ?? []) ? [...queues, this.id] : queues;
    this.#intakes = new Intakes({
      worker: this.id,
      pools: this.#pools,
      source,
      keys,
      config,
      batches: this.#batches,
      letters: new DeadLetters(commands, keys),
      answering: this.#answering,
      apart: (call) => this.#guard?.apart(call) ?? call,
      metrics: this.#metrics,
    });
    this.#admin = this.#workerAdmin(source);
    const announcer = announcementOf({
      id: this.id,
      pools: this.#pools,
      config,
      registry: this.registry,
      source,
      keys,
      onDrain: (drained) => this.#intakes.obey(drained),
    });
    this.#lifecycle = new Lifecycle([
      ...(parts.tracer ? [parts.tracer] : []),
      this.#admin,
      { start: () => whenReady(commands), stop: async () => disconnect(commands) },
      this.#admin.probe,
      stateKeyOf(this.registry, { config, redis: commands, keys, logger: this.#logger }),
      ...(this.#guard ? [this.#guard] : []),
      this.#policies,
      this.#state,
      { start: () => this.#registerPlugins(), stop: () => this.registry.close() },
      ...listeners({
        worker: this.id,
        pools: this.#pools,
        source,
        redis: commands,
        keys,
        times: config,
        running: this.#running,
        answering: this.#answering,
      }),
      // Known until it has ended its calls, where nobody else could: see `leave`.
      { start: async () => undefined, stop: () => announcer.stop() },
      { start: () => this.#intakes.start(), stop: (deadline) => drain(this.#drained(), deadline) },
      { start: () => announcer.start(), stop: () => this.#leave(announcer) },
    ]);
  }

  get phase(): Phase {
    return this.#lifecycle.phase;
  }

  get adminAddress(): { readonly host: string; readonly port: number } {
    return this.#admin.address;
  }

  async start(): Promise<void> {
    watchProcess(this.#metrics);
    await this.#lifecycle.start();
    this.#logger.info({ pools: this.#config.pools, admin: this.adminAddress }, 'listening');
  }

  stop(deadline?: number): Promise<void> {
    return this.#lifecycle.stop(deadline);
  }

  #workerPolicies(source: RedisSource, keys: Keys): WorkerPolicies {
    return new WorkerPolicies({
      source,
      keys,
      settings: this.#config.policies,
      adapt: this.#config.canaryWeight === undefined ? undefined : ownBreaker,
      createContext: (call, sink) => this.registry.createContext(call, sink),
      metrics: this.#metrics,
      logger: this.#logger,
    });
  }

  #batchRunner(commands: ReturnType<typeof connectPatient>, keys: Keys): BatchRunner {
    const { serverName } = this.#config;
    const logger = this.#logger;
    return new BatchRunner({
      worker: this.id,
      registry: this.registry,
      runner: new CallRunner({
        serverInfo: { name: serverName, version: VERSION },
        createContext: (call, sink) => this.registry.createContext(call, sink),
        middleware: () => this.#layers(),
        policies: { layers: this.#policies.layers, policiesOf: (tool) => this.#policies.of(tool) },
        figures: new ToolFigures(this.#metrics),
        tracer: this.#parts.tracer,
        worker: this.id,
        logger,
      }),
      running: this.#running,
      slots: this.#slots,
      toolBatches: this.#toolBatches,
      claims: new Claims(commands, keys, this.id),
      finished: this.#answering.finished,
      replies: this.#answering.replies,
      keyed: this.#answering.keyed,
      progress: this.#answering.progress,
      guard: this.#guard,
      mayWait: (target) => this.#policies.mayWait(target),
      reserve: (running, target) => this.#policies.reserve(running, target),
      logger,
      onExpired: (pool) => this.#metrics.expired.inc({ pool: pool === this.id ? 'own' : pool }),
      onSlots: () => this.#intakes.adjust(),
    });
  }

  #layers(): readonly Middleware[] {
    const own = this.#parts.middleware;
    const plugins = this.registry.middleware();
    return own && own.length > 0 ? [...own, ...plugins] : plugins;
  }

  async #registerPlugins(): Promise<void> {
    for (const plugin of this.#parts.plugins) await this.registry.register(plugin);
    const { upstreams = [] } = this.#parts;
    await registerUpstreams({
      upstreams,
      registry: this.registry,
      metrics: this.#metrics,
      logger: this.#logger,
    });
    const { tools } = this.registry.offer(this.#config.pools);
    this.#policies.checkNames(tools.map(({ definition }) => definition.name));
  }

  /** Gets no new work; calls for which only this worker has the state are still its own to end. */
  #leave(announcer: Announcer): Promise<void> {
    return this.#pools.includes(this.id) ? announcer.retreat([this.id]) : announcer.stop();
  }

  #drained(): Drained {
    return {
      intakes: this.#intakes,
      batches: this.#batches,
      toolBatches: this.#toolBatches,
      running: this.#running,
    };
  }

  #workerAdmin(source: RedisSource): WorkerAdmin {
    return new WorkerAdmin({
      config: this.#config,
      source,
      metrics: this.#metrics,
      phase: () => this.phase,
      registry: () => this.registry,
      intakes: () => this.#intakes.all,
      checks: [this.#state.check],
      slots: this.#slots,
      calls: () => this.#running.size,
    });
  }
}
