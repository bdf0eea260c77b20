/** What a worker tells of itself at each heartbeat. */
export interface WorkerRecord {
  readonly id: string;
  readonly pools: readonly string[];
  /** Calls that it runs at the same time at most. */
  readonly slots: number;
  /** Hash of its offer. */
  readonly offer: string;
  /** Milliseconds since the epoch; of two workers that serve the same name the newer one's definition counts. */
  readonly startedAt: number;
  readonly host: string;
  readonly pid: number;
  /** Newest version of the envelope that it reads; absent in the releases that knew only the first. */
  readonly envelope?: number;
  /** Whether it takes no new work because an operator wants it. */
  readonly drained?: boolean;
  /** Names and versions of its plugins, as `name@1.0.0`. */
  readonly plugins?: readonly string[];
  /** Share of the calls that it and others like it are to get, in percent; absent where it is no canary. */
  readonly weight?: number;
}

/** Times of the catalogue, in milliseconds. Front doors and workers must agree on them. */
export interface CatalogueTimes {
  /** Between two heartbeats of a worker. */
  readonly heartbeatMs: number;
  /** After which a silent worker counts as lost. */
  readonly workerTtlMs: number;
  /** How long the tools of a pool without workers are remembered. */
  readonly offerTtlMs: number;
}

export const DEFAULT_CATALOGUE_TIMES: CatalogueTimes = {
  heartbeatMs: 500,
  workerTtlMs: 2_500,
  offerTtlMs: 600_000,
};
