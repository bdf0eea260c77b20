import type { CatalogueView } from '@millrace/broker';
import { EMPTY_OFFER, type Offer, type ToolEntry } from '@millrace/protocol';

/** A catalogue of these parts; the pool `default` is alive unless said otherwise. */
export function aView(parts: Partial<Offer> = {}, livePools: readonly string[] = ['default']): CatalogueView {
  return { ...EMPTY_OFFER, ...parts, slots: new Map(livePools.map((pool) => [pool, 4])), workers: [] };
}

export function aTool(name: string, overrides: Partial<ToolEntry> = {}): ToolEntry {
  return { pool: 'default', definition: { name }, idempotent: false, ...overrides };
}
