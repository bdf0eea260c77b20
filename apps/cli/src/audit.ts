import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { AuditStream, connectFailFast, disconnect, whenReady } from '@millrace/broker';
import { type AuditHead, type AuditLine, ClusterKeys, verifyAudit } from '@millrace/security';
import { OperatorError } from '@millrace/service';
import { clusterConnection, withinPatience } from './cluster-connection.ts';
import { type Arguments, type Terminal, UsageError } from './command.ts';
import { loadEnvelopeKeys } from './config.ts';

const DEFAULT_LINES = 20;

/** How often a log that is followed is read again, in milliseconds. */
const FOLLOW_MS = 500;

/** Checks the whole log. @returns whether nothing was removed or changed */
export async function verifyAuditLog(args: Arguments, { env, output }: Terminal): Promise<boolean> {
  const { envelopeKey, previousEnvelopeKey } = loadEnvelopeKeys(env);
  const keys = envelopeKey === '' ? undefined : new ClusterKeys(envelopeKey, previousEnvelopeKey);
  const { lines, heads } = await readLog(args.text('file'), env);
  const problems = verifyAudit(lines, keys, heads);
  for (const problem of problems) output.write(`${problem}\n`);
  const chains = new Set(lines.map(({ chain }) => chain)).size;
  const verdict = problems.length === 0 ? 'nothing was removed or changed' : `${problems.length} problems`;
  output.write(`${lines.length} lines of ${chains} processes: ${verdict}\n`);
  if (!keys)
    output.write('Without MILLRACE_ENVELOPE_KEY lines are not signed: whoever may write can make them up.\n');
  return problems.length === 0;
}

/** Prints the newest lines, and with `--follow` those that come. */
export async function tailAudit(args: Arguments, { env, output, interrupted }: Terminal): Promise<boolean> {
  const count = args.count('lines', DEFAULT_LINES);
  const print = (line: AuditLine) =>
    output.write(`${args.flag('json') ? JSON.stringify(line) : textOf(line)}\n`);
  const file = args.text('file');
  if (file !== undefined) {
    if (args.flag('follow')) throw new UsageError('--follow reads Redis; for a file there is tail -f');
    for (const line of (await readLog(file, env)).lines.slice(-count)) print(line);
    return true;
  }
  await withStream(env, async (stream) => {
    let last = '0-0';
    const show = ([id, text]: readonly [string, string]) => {
      last = id;
      print(parse(text));
    };
    for (const entry of await stream.newest(count)) show(entry);
    while (args.flag('follow') && !interrupted.aborted) {
      await delay(FOLLOW_MS, undefined, { signal: interrupted }).catch(() => undefined);
      for await (const entry of stream.lines(last)) show(entry);
    }
  });
  return true;
}

interface Log {
  readonly lines: readonly AuditLine[];
  readonly heads: ReadonlyMap<string, AuditHead>;
}

async function readLog(file: string | undefined, env: Terminal['env']): Promise<Log> {
  if (file !== undefined) {
    const texts = (await readFile(file, 'utf8')).split('\n').filter((text) => text !== '');
    // Only Redis knows how far the chains go.
    return { lines: texts.map(parse), heads: new Map() };
  }
  return withStream(env, async (stream) => {
    const lines: AuditLine[] = [];
    // The ends first: lines that come in between are only more than they say.
    const heads = Object.entries(await stream.heads());
    for await (const [, text] of stream.lines()) lines.push(parse(text));
    const seen = new Map(lines.map((line) => [`${line.chain} ${line.seq}`, line]));
    const ends = heads.map(([chain, text]): [string, AuditHead] => {
      const head = JSON.parse(text) as AuditHead;
      const written = seen.get(`${chain} ${head.seq}`);
      const newest = lines.findLast((line) => line.chain === chain);
      // The chain may have grown since.
      return [chain, written?.hash === head.hash && newest ? { seq: newest.seq, hash: newest.hash } : head];
    });
    return { lines, heads: new Map(ends) };
  });
}

async function withStream<T>(env: Terminal['env'], work: (stream: AuditStream) => Promise<T>): Promise<T> {
  const { source, keys, url } = clusterConnection(env);
  const redis = connectFailFast(source, 'audit');
  try {
    await withinPatience(whenReady(redis), url);
    return await work(new AuditStream(redis, keys));
  } finally {
    disconnect(redis);
  }
}

function parse(text: string): AuditLine {
  try {
    return JSON.parse(text) as AuditLine;
  } catch (cause) {
    throw new OperatorError(`This is no line of an audit log: ${text.slice(0, 80)}`, { cause });
  }
}

function textOf({ record }: AuditLine): string {
  const {
    at,
    principal = '-',
    tenant,
    method = '-',
    name = '',
    outcome = '-',
    durationMs,
    source = '-',
  } = record;
  const who = tenant === undefined ? principal : `${tenant}/${principal}`;
  const time = durationMs === undefined ? '' : ` ${durationMs} ms`;
  return `${at} ${record.event.padEnd(7)} ${who} ${source} ${method} ${name} ${outcome}${time}`;
}
