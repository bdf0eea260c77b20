import { type Clock, createLogger } from '@millrace/service';
import { ClusterKeys } from '../cluster-keys.ts';
import type { KeyRecords } from '../key-ring.ts';

export const CLUSTER_KEYS = new ClusterKeys('a cluster secret that only tests have');

export const SILENT = createLogger({ name: 'test', level: 'silent' });

/** A clock that stands until the test moves it. */
export class TestClock implements Clock {
  time = 1_000_000;

  now(): number {
    return this.time;
  }
}

/** Records in memory, which may be away. */
export class MemoryRecords implements KeyRecords {
  readonly texts = new Map<string, string>();
  readonly noted: string[] = [];
  away = false;
  reads = 0;
  #version = 0;

  put(id: string, record: object): void {
    this.texts.set(id, JSON.stringify(record));
    this.#version += 1;
  }

  remove(id: string): void {
    this.texts.delete(id);
    this.#version += 1;
  }

  async version(): Promise<string> {
    if (this.away) throw new Error('away');
    return String(this.#version);
  }

  async find(ids: readonly string[]): Promise<readonly (string | undefined)[]> {
    if (this.away) throw new Error('away');
    this.reads += 1;
    return ids.map((id) => this.texts.get(id));
  }

  async used(id: string): Promise<void> {
    this.noted.push(id);
  }
}
