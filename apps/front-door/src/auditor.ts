import {
  AuditStream,
  connectFailFast,
  disconnect,
  type Keys,
  type RedisSource,
  whenReady,
} from '@millrace/broker';
import { AuditLog, type AuditSink, ClusterKeys, FileAuditSink, StreamAuditSink } from '@millrace/security';
import { type Metrics, type Service, systemClock } from '@millrace/service';
import type { FrontDoorConfig } from './config.ts';
import { RequestAudit } from './request-audit.ts';

export interface AuditorOptions {
  /** Id of the front door. */
  readonly id: string;
  readonly config: FrontDoorConfig;
  readonly source: RedisSource;
  readonly keys: Keys;
  readonly metrics: Metrics;
}

/** The audit log of a front door, with its own connection: what it writes stands behind no call. */
export class Auditor implements Service {
  readonly requests: RequestAudit;
  readonly #log: AuditLog;
  readonly #redis: ReturnType<typeof connectFailFast> | undefined;

  /** @returns undefined where nothing is put on record */
  static of(options: AuditorOptions): Auditor | undefined {
    return options.config.audit.length > 0 ? new Auditor(options) : undefined;
  }

  private constructor({ id, config, source, keys, metrics }: AuditorOptions) {
    const { audit, auditPath, auditOnFailure, auditRedact, envelopeKey, previousEnvelopeKey } = config;
    const sinks: AuditSink[] = [];
    if (audit.includes('redis')) {
      this.#redis = connectFailFast(source, 'audit');
      const stream = new AuditStream(this.#redis, keys);
      sinks.push({ write: (lines) => stream.append(lines), close: async () => undefined });
    }
    if (audit.includes('file')) sinks.push(new FileAuditSink(auditPath));
    if (audit.includes('stdout')) sinks.push(new StreamAuditSink(process.stdout));
    this.#log = new AuditLog({
      chain: id,
      keys: envelopeKey === '' ? undefined : new ClusterKeys(envelopeKey, previousEnvelopeKey),
      sinks,
      blocks: auditOnFailure === 'block',
      clock: systemClock,
      logger: source.logger,
      onWritten: (lines) => metrics.auditRecords.inc({ outcome: 'written' }, lines),
      onLost: (lines) => metrics.auditRecords.inc({ outcome: 'lost' }, lines),
    });
    this.requests = new RequestAudit(this.#log, auditRedact);
  }

  async start(): Promise<void> {
    if (this.#redis) await whenReady(this.#redis);
    await this.#log.start();
  }

  async stop(): Promise<void> {
    await this.#log.stop();
    if (this.#redis) disconnect(this.#redis);
  }
}
