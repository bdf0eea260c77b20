import type { CallMethod } from '@millrace/protocol';
import type { Count, Metrics, Tally } from '@millrace/service';
import type { Target, ToolTarget } from '@millrace/toolkit';
import type { Failure } from './outcome.ts';

/**
 * How the run of a tool ended: well, with the caller's mistake, refused by a policy of ours, with a failure of the tool,
 * too late, or stopped.
 */
export type RunStatus = 'ok' | 'rejected' | 'refused' | 'error' | 'timeout' | 'cancelled';

export function statusOf({ kind, reason }: Failure): RunStatus {
  if (reason === 'deadline_exceeded') return 'timeout';
  if (reason === 'cancelled') return 'cancelled';
  return kind === 'rejected' || kind === 'refused' ? kind : 'error';
}

/** Counts the runs of one tool. */
export class ToolFigure {
  readonly #tool: string;
  readonly #metrics: Pick<Metrics, 'toolDuration' | 'toolExecutions'>;
  readonly #series = new Map<RunStatus, { readonly duration: Tally; readonly runs: Count }>();

  constructor(tool: string, metrics: Pick<Metrics, 'toolDuration' | 'toolExecutions'>) {
    this.#tool = tool;
    this.#metrics = metrics;
  }

  ended(status: RunStatus, runMs: number): void {
    const { duration, runs } = this.#series.get(status) ?? this.#begin(status);
    duration.observe(runMs / 1000);
    runs.inc();
  }

  #begin(status: RunStatus): { readonly duration: Tally; readonly runs: Count } {
    const { toolDuration, toolExecutions } = this.#metrics;
    const labels = { tool: this.#tool, status };
    const series = { duration: toolDuration.bind(labels), runs: toolExecutions.bind(labels) };
    this.#series.set(status, series);
    return series;
  }
}

/** The figures of the tools that this worker has run; resources and prompts have none: their names are without bounds. */
export class ToolFigures {
  readonly #metrics: Pick<Metrics, 'toolDuration' | 'toolExecutions'>;
  readonly #byName = new Map<string, ToolFigure>();
  readonly #byTarget = new WeakMap<Target, ToolFigure>();

  constructor(metrics: Pick<Metrics, 'toolDuration' | 'toolExecutions'>) {
    this.#metrics = metrics;
  }

  of(target: Target, method: CallMethod): ToolFigure | undefined {
    return method === 'tools/call'
      ? (this.#byTarget.get(target) ?? this.#find(target as ToolTarget))
      : undefined;
  }

  #find(tool: ToolTarget): ToolFigure {
    const figure = this.#byName.get(tool.name) ?? new ToolFigure(tool.name, this.#metrics);
    this.#byName.set(tool.name, figure);
    this.#byTarget.set(tool, figure);
    return figure;
  }
}
