import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import {
  Announcer,
  AnswerListener,
  CancellationListener,
  Claims,
  connectPatient,
  disconnect,
  EventPublisher,
  FinishedCalls,
  Intake,
  Keys,
  type RedisSource,
  Replies,
  StateKey,
  StoredReplies,
  TaskProgress,
  TaskTable,
  whenReady,
} from '@millrace/broker';
import { MillraceError } from '@millrace/protocol';
import { Slots } from '@millrace/resilience';
import {
  AdminServer,
  createMetrics,
  exposeMetrics,
  Lifecycle,
  type Logger,
  type Phase,
  type Service,
  watchProcess,
} from '@millrace/service';
import { type Middleware, type Plugin, Registry } from '@millrace/toolkit';
import { BatchRunner } from './batch-runner.ts';
import { abandonTasks } from './batch-tasks.ts';
import { CallRunner } from './call-runner.ts';
import type { WorkerConfig } from './config.ts';
import { RunningCalls } from './running-calls.ts';

/** Version told to clients in `serverInfo`. */
const VERSION = '0.1.0';

export interface WorkerParts {
  readonly plugins: readonly Plugin[];
  /** Layers around those of the plugins, the outermost first. */
  readonly middleware?: readonly Middleware[];
  /** Environment that is handed to the plugins. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
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
  readonly #progress: TaskProgress;
  readonly #intakes: Intake[];
  readonly #admin: AdminServer;
  readonly #lifecycle: Lifecycle;

  constructor(config: WorkerConfig, parts: WorkerParts) {
    this.#config = config;
    this.#parts = parts;
    this.#logger = parts.logger;
    this.#slots = new Slots(config.slots);
    const source: RedisSource = { url: config.redisUrl, logger: parts.logger };
    const keys = new Keys(config.prefix);
    const commands = connectPatient(source, 'worker');
    this.registry = this.#registry(commands, keys);
    this.#progress = new TaskProgress(new TaskTable(commands, keys));
    const batches = this.#batchRunner(commands, keys);
    this.#intakes = config.pools.map((pool) => this.#intake(source, keys, pool, batches));
    this.#admin = this.#adminServer();
    const announcer = this.#announcer(source, keys);
    this.registry.onChange(() => void this.#republish(announcer));
    this.#lifecycle = new Lifecycle([
      this.#admin,
      { start: () => whenReady(commands), stop: async () => disconnect(commands) },
      this.#stateKey(commands, keys),
      { start: () => this.#registerPlugins(), stop: () => this.registry.close() },
      this.#cancellationListener(source, keys),
      this.#answerListener(source, keys),
      { start: () => this.#startIntakes(), stop: (deadline) => this.#drain(deadline) },
      announcer,
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

  #registry(commands: ReturnType<typeof connectPatient>, keys: Keys): Registry {
    const events = new EventPublisher(commands, keys, this.#logger);
    return new Registry({
      env: this.#parts.env ?? {},
      log: this.#logger,
      announce: (uri) => events.publish({ kind: 'resource_updated', uri }),
    });
  }

  #stateKey(commands: ReturnType<typeof connectPatient>, keys: Keys): StateKey {
    const { stateKey } = this.#config;
    return new StateKey({
      redis: commands,
      keys,
      logger: this.#logger,
      ...(stateKey !== '' && { configured: stateKey }),
      onKey: (key) => this.registry.useStateKey(key),
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
        logger,
      }),
      running: this.#running,
      slots: this.#slots,
      claims: new Claims(commands, keys, this.id),
      finished: new FinishedCalls(commands, keys),
      replies: new Replies(commands, keys, new StoredReplies(commands, keys), logger),
      progress: this.#progress,
      logger,
      onSlots: () => this.#adjustIntakes(),
    });
  }

  #layers(): readonly Middleware[] {
    const own = this.#parts.middleware;
    const plugins = this.registry.middleware();
    return own && own.length > 0 ? [...own, ...plugins] : plugins;
  }

  #intake(source: RedisSource, keys: Keys, pool: string, batches: BatchRunner): Intake {
    return new Intake({
      source,
      keys,
      pool,
      lockMs: this.#config.lockMs,
      freeSlots: () => batches.freeSlots,
      envelope: this.#config.envelopeVersion,
      onDelivery: (delivery) => batches.run(delivery),
      onAbandoned: (batch) => abandonTasks(batch, this.#progress),
    });
  }

  #adjustIntakes(): void {
    for (const intake of this.#intakes) intake.adjust();
  }

  #cancellationListener(source: RedisSource, keys: Keys): CancellationListener {
    return new CancellationListener({
      source,
      keys,
      pools: this.#config.pools,
      onCancelled: (call) => this.#running.cancel(call),
    });
  }

  #answerListener(source: RedisSource, keys: Keys): AnswerListener {
    return new AnswerListener({
      source,
      keys,
      worker: this.id,
      onAnswer: (answer) => {
        if (this.#running.answer(answer)) return;
        this.#logger.info({ request: answer.id }, 'a late answer of a client is ignored');
      },
    });
  }

  #announcer(source: RedisSource, keys: Keys): Announcer {
    const { pools, slots, envelopeVersion: envelope } = this.#config;
    const machine = { host: hostname(), pid: process.pid };
    return new Announcer({
      source,
      keys,
      times: this.#config,
      worker: { id: this.id, pools, slots, envelope, startedAt: Date.now(), ...machine },
      offer: () => this.registry.offer(pools),
    });
  }

  async #registerPlugins(): Promise<void> {
    for (const plugin of this.#parts.plugins) await this.registry.register(plugin);
  }

  async #republish(announcer: Announcer): Promise<void> {
    try {
      await announcer.publish();
    } catch (error) {
      this.#logger.error({ err: error }, 'the changed offer was not published');
    }
  }

  async #startIntakes(): Promise<void> {
    await Promise.all(this.#intakes.map((intake) => intake.start()));
  }

  /** Quiet first, everywhere at once; then what runs may end; at the deadline it is aborted. */
  async #drain(deadline?: number): Promise<void> {
    const stopping = new MillraceError('shutting_down', 'The worker is shutting down');
    const timer =
      deadline === undefined
        ? undefined
        : setTimeout(() => this.#running.abortAll(stopping), Math.max(0, deadline - Date.now()));
    await Promise.all(this.#intakes.map((intake) => intake.stop()));
    clearTimeout(timer);
  }

  #adminServer(): AdminServer {
    return new AdminServer({
      host: this.#config.adminHost,
      port: this.#config.adminPort,
      portVariable: 'MILLRACE_ADMIN_PORT',
      logger: this.#logger,
      routes: {
        '/livez': () => ({ body: { status: 'alive' } }),
        '/readyz': () => ({
          status: this.phase === 'ready' ? 200 : 503,
          body: { phase: this.phase, slotsUsed: this.#slots.used, calls: this.#running.size },
        }),
        '/metrics': () => exposeMetrics(this.#metrics),
      },
    });
  }
}
