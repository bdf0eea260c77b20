import type { FaultName } from './fault-names.ts';
import { type CallHistory, type EntryOf, historiesOf } from './history.ts';
import type { Entry } from './ledger.ts';

/** What a run comes to, by the names of its JSON. Times in milliseconds. */
export interface Figures {
  /** Calls that a front door took and did not lose by dying itself. */
  readonly accepted: number;
  readonly answered: number;
  /** Calls without an answer, long past their deadline, or whose front door let go of them though nothing was done to it. */
  readonly lost: number;
  /** Answers beyond the first that one attempt got. */
  readonly duplicate_answers: number;
  /** Executions beyond the first of tools that may run twice: no harm, but work. */
  readonly repeated_idempotent_executions: number;
  /** Executions beyond the first of tools that must not run twice, whose client was not told. */
  readonly silent_second_executions: number;
  /** Calls that may run twice, are no poison, and were given up like poison: they were with too many workers that died. */
  readonly given_up: number;
  /** Other calls and tasks that may run twice, and ended without a result because workers died. */
  readonly idempotent_not_survived: number;
  /** Answers that came after the deadline. */
  readonly late: number;
  readonly tasks: number;
  readonly tasks_lost: number;
  readonly faults: number;
  /** From the death of a worker until its calls run elsewhere, or are answered. */
  readonly worker_recovery_p99_ms: number;
  /** From the return of Redis until the last producer has a result again; the longest. */
  readonly redis_recovery_ms: number;
  /** The longest time without any answer. */
  readonly longest_stall_ms: number;
  readonly seed: number;
}

export interface Verdict {
  readonly figures: Figures;
  /** Answers by what they were. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Calls whose connection broke with their front door and that could not be made again. */
  readonly broken: number;
  /** What was wrong, call by call, for people. */
  readonly findings: readonly string[];
}

/** How much later an answer may come than the client expects: the time of a call begins when a front door takes it. */
const GRACE_MS = 2_000;

/** @param callTimeoutMs how long a call may take */
export function judge(entries: readonly Entry[], seed: number, callTimeoutMs: number): Verdict {
  const calls = historiesOf(entries).filter(({ sent }) => sent.length > 0);
  const lost = calls.filter((call) => call.hung || !call.done || wasDropped(call, entries));
  const answered = calls.filter((call) => call.answers.length > 0 && !lost.includes(call));
  const duplicates = calls.filter((call) => repeatedAnswers(call) > 0);
  const silent = calls.filter((call) => !call.idempotent && call.begins.length > 1 && !call.told);
  const fallen = calls.filter(hasFallen);
  const late = lateAnswers(calls, entries, callTimeoutMs);
  const tasks = calls.filter(({ task }) => task !== undefined);
  const tasksLost = tasks.filter(({ taskEnd }) => taskEnd === undefined || taskEnd.status === 'lost');
  const figures: Figures = {
    accepted: answered.length + lost.length,
    answered: answered.length,
    lost: lost.length,
    duplicate_answers: sum(duplicates.map(repeatedAnswers)),
    repeated_idempotent_executions: sum(calls.filter(({ idempotent }) => idempotent).map(repeatedRuns)),
    silent_second_executions: sum(silent.map(repeatedRuns)),
    given_up: calls.filter(isGivenUp).length,
    idempotent_not_survived: fallen.length,
    late: late.length,
    tasks: tasks.length,
    tasks_lost: tasksLost.length,
    faults: entries.filter(({ kind }) => kind === 'fault').length,
    worker_recovery_p99_ms: percentile(workerRecoveries(calls, entries), 0.99),
    redis_recovery_ms: Math.max(0, ...redisRecoveries(calls, entries)),
    longest_stall_ms: longestStall(calls, entries),
    seed,
  };
  const findings = [
    ...lost.map((call) => tell('lost', call)),
    ...duplicates.map((call) => tell('answered twice', call)),
    ...silent.map((call) => tell('run twice in silence', call)),
    ...fallen.map((call) => tell('not survived', call)),
    ...late.map((call) => tell('late', call)),
    ...tasksLost.map((call) => tell('task lost', call)),
  ];
  const broken = calls.length - answered.length - lost.length;
  return { figures, outcomes: countOutcomes(calls), broken, findings };
}

/**
 * What is wrong with the figures, by the bars that a run has to reach.
 *
 * @param least what there has to be for the run to say something
 */
export function missedBars(figures: Figures, least: Partial<Figures> = {}): string[] {
  const value = (name: string) => figures[name as keyof Figures];
  const over = Object.entries(BARS).filter(([name, most]) => value(name) > most);
  const under = Object.entries(least).filter(([name, wanted]) => value(name) < wanted);
  return [
    ...over.map(([name, most]) => `${name} is ${value(name)}, and may be ${most} at most`),
    ...under.map(([name, wanted]) => `${name} is ${value(name)}, and has to be ${wanted} at least`),
  ];
}

export const BARS = {
  lost: 0,
  duplicate_answers: 0,
  silent_second_executions: 0,
  idempotent_not_survived: 0,
  late: 0,
  tasks_lost: 0,
  worker_recovery_p99_ms: 5_000,
  redis_recovery_ms: 5_000,
} as const satisfies Partial<Figures>;

/** Whether its connection broke while nobody ended its front door; one that leaves in good order drops what it has not begun. */
function wasDropped({ breaks, sent, begins }: CallHistory, entries: readonly Entry[]): boolean {
  const endings = [...faultsOf(entries, 'kill-front-door'), ...faultsOf(entries, 'upgrade-front-door')];
  return breaks.some(({ attempt, at }) => {
    const request = sent.find((one) => one.attempt === attempt);
    const ending = endings.find(
      ({ door, at: from, until = from }) =>
        door === request?.door && from <= at && until + REPLACED_MS >= (request?.at ?? 0),
    );
    return (
      !ending ||
      (ending.fault === 'upgrade-front-door' && begins.some((begin) => begin.at >= (request?.at ?? 0)))
    );
  });
}

/** What a front door that was ended takes to be there again, at most. */
const REPLACED_MS = 8_000;

/** Ends that a call which may run twice must not come to when workers die. */
const FALLEN = new Set(['worker_lost', 'outcome_unknown']);

function hasFallen(call: CallHistory): boolean {
  if (!maySurvive(call) || isGivenUp(call)) return false;
  return FALLEN.has(call.answers.at(-1)?.outcome ?? '') || call.taskEnd?.status === 'failed';
}

/** By the rule for calls that kill their workers, which cannot tell bad luck from guilt. */
function isGivenUp(call: CallHistory): boolean {
  return maySurvive(call) && (call.answers.at(-1)?.deaths ?? 0) >= MAX_DEATHS;
}

function maySurvive({ call, idempotent }: CallHistory): boolean {
  return idempotent && !call.includes('.poison.');
}

/** Deaths of workers after which a call is given up, unless it is set. */
const MAX_DEATHS = 3;

function repeatedRuns({ begins }: CallHistory): number {
  return Math.max(0, begins.length - 1);
}

function repeatedAnswers({ answers }: CallHistory): number {
  return answers.length - new Set(answers.map(({ attempt }) => attempt)).size;
}

/** From when until when nobody could reach Redis. */
type Outage = readonly [from: number, to: number];

function outagesOf(entries: readonly Entry[]): Outage[] {
  const backs = entries.filter(({ kind }) => kind === 'redis-back').map(({ at }) => at);
  return faultsOf(entries, 'restart-redis').map(({ at }) => [at, backs.find((back) => back >= at) ?? at]);
}

function faultsOf(entries: readonly Entry[], name: FaultName): EntryOf<'fault'>[] {
  return entries.filter((entry) => entry.kind === 'fault').filter(({ fault }) => fault === name);
}

/**
 * Two excuses count. A front door that stood still could not tell the time. And a client whose front door was killed
 * cannot be told anything elsewhere while Redis is down.
 */
function lateAnswers(
  calls: readonly CallHistory[],
  entries: readonly Entry[],
  timeoutMs: number,
): CallHistory[] {
  const stops = faultsOf(entries, 'stop-front-door');
  const kills = faultsOf(entries, 'kill-front-door');
  const outages = outagesOf(entries);
  const isLate = (call: CallHistory, answer: EntryOf<'answer'>): boolean => {
    const sent = call.sent.find(({ attempt }) => attempt === answer.attempt);
    const deadline = (sent?.at ?? 0) + timeoutMs + GRACE_MS;
    if (!sent || answer.at <= deadline) return false;
    const during = ({ door, at, until = at }: EntryOf<'fault'>) =>
      door === sent.door && at < answer.at && until >= sent.at;
    const orphaned = kills.some(during) && outages.some(([from, to]) => from < deadline && to > deadline);
    return !orphaned && !stops.some(during);
  };
  return calls.filter((call) => call.answers.some((answer) => isLate(call, answer)));
}

/**
 * For each run that died with its worker: how long until the call was run again, or its client told. Time for which
 * Redis was down does not count: it is counted by itself.
 */
function workerRecoveries(calls: readonly CallHistory[], entries: readonly Entry[]): number[] {
  const deaths = new Map(entries.flatMap((entry) => (entry.kind === 'death' ? [[entry.pid, entry.at]] : [])));
  const outages = outagesOf(entries);
  return calls.flatMap((call) =>
    call.begins.flatMap(({ run, pid, at }) => {
      const death = deaths.get(pid);
      if (death === undefined || death < at || call.ends.has(run)) return [];
      const first = call.entries.find((entry) => entry.at >= death && entry.kind in SIGNS_OF_RECOVERY);
      const over = call.entries.some(
        (entry) => entry.at < death && entry.at > at && entry.kind in SIGNS_OF_END,
      );
      return first && !over ? [first.at - death - timeWithin(outages, death, first.at)] : [];
    }),
  );
}

function timeWithin(outages: readonly Outage[], from: number, to: number): number {
  return sum(outages.map(([down, up]) => Math.max(0, Math.min(up, to) - Math.max(down, from))));
}

const SIGNS_OF_END = { answer: true, broken: true, hung: true, 'task-end': true } as const;
const SIGNS_OF_RECOVERY = { ...SIGNS_OF_END, begin: true } as const;

/** For each return of Redis: how long until every producer that still worked had a result. */
function redisRecoveries(calls: readonly CallHistory[], entries: readonly Entry[]): number[] {
  const results = calls.flatMap((call) =>
    call.answers
      .filter(({ outcome }) => outcome === 'result')
      .map(({ at }) => ({ at, producer: call.sent[0]?.producer })),
  );
  const producers = new Set(results.map(({ producer }) => producer));
  const outages = outagesOf(entries);
  return outages.flatMap(([, back]) => {
    // What is still away when Redis goes again is counted from its next return.
    const next = outages.find(([from]) => from >= back)?.[0] ?? Number.POSITIVE_INFINITY;
    const firsts = [...producers].map((producer) =>
      Math.min(...results.filter((one) => one.producer === producer && one.at >= back).map(({ at }) => at)),
    );
    return firsts.filter((first) => Number.isFinite(first) && first < next).map((first) => first - back);
  });
}

/** When nobody makes new calls any more, few answers are no stall. */
function longestStall(calls: readonly CallHistory[], entries: readonly Entry[]): number {
  const end = entries.find(({ kind }) => kind === 'finish')?.at ?? Number.POSITIVE_INFINITY;
  const times = calls
    .flatMap(({ answers }) => answers.map(({ at }) => at))
    .filter((at) => at <= end)
    .sort((a, b) => a - b);
  let longest = 0;
  for (const [index, at] of times.entries()) longest = Math.max(longest, at - (times[index - 1] ?? at));
  return longest;
}

function countOutcomes(calls: readonly CallHistory[]): ReadonlyMap<string, number> {
  const outcomes = new Map<string, number>();
  for (const { answers } of calls) {
    for (const { outcome } of answers) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  return outcomes;
}

/** @returns 0 when there is nothing to take it of */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function tell(what: string, { call, entries }: CallHistory): string {
  const [first] = entries;
  const steps = entries.map((entry) => {
    const more = 'outcome' in entry ? ` ${entry.outcome}` : 'pid' in entry ? ` pid ${entry.pid}` : '';
    return `+${entry.at - (first?.at ?? 0)} ${entry.kind}${more}`;
  });
  return `${what}: ${call} at ${first?.at}: ${steps.join(', ')}`;
}
