import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ConfigError, OperatorError } from '@millrace/service';
import { type ImportedServers, importServers } from '@millrace/upstreams';

const USAGE = 'usage: millrace import FILE [--into CONFIG]';

export interface ImportOutput {
  /** Where the result goes. */
  readonly print: (text: string) => void;
  /** Where everything goes that a person should read. */
  readonly complain: (text: string) => void;
}

/** Settings hold secrets as often as not: nobody else may read them. */
const MODE = 0o600;

type Json = Record<string, unknown>;

/**
 * `millrace import`: the servers of an MCP client become upstreams of the workers.
 * @returns the exit code: 0, or 1 when nothing was imported and the reason was told
 */
export function runImport(args: readonly string[], { print, complain }: ImportOutput): number {
  try {
    const { file, into } = parse(args);
    const imported = importServers(read(file), file);
    report(imported, complain);
    const count = Object.keys(imported.upstreams).length;
    if (count === 0) throw new OperatorError(`${file}: there is no server that can be hosted`);
    if (into === undefined) print(toText({ worker: { upstreams: imported.upstreams } }));
    else {
      addTo(into, imported);
      print(`${count} upstreams were put into ${into}; start the workers with MILLRACE_CONFIG=${into}`);
    }
    return 0;
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    complain(error.message);
    return 1;
  }
}

function parse(args: readonly string[]): { file: string; into?: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { into: { type: 'string' } },
      allowPositionals: true,
    });
    const [file, ...more] = positionals;
    if (file === undefined || more.length > 0) throw new Error('expected one file');
    return { file, ...(values.into !== undefined && { into: values.into }) };
  } catch (cause) {
    throw new OperatorError(`${(cause as Error).message}\n${USAGE}`, { cause });
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(`${file}: ${(cause as Error).message}`, { cause });
  }
}

function report({ skipped, variables }: ImportedServers, complain: ImportOutput['complain']): void {
  for (const { name, reason } of skipped) complain(`${name} was left out: ${reason}`);
  if (variables.length > 0) complain(`set for the workers: ${variables.join(', ')}`);
}

/** Adds to what is there; an upstream of the same name is not replaced in silence. */
function addTo(config: string, { upstreams }: ImportedServers): void {
  const content = existsSync(config) ? parseConfig(config) : {};
  const worker = objectAt(content, 'worker', config);
  const known = objectAt(worker, 'upstreams', config);
  const taken = Object.keys(upstreams).filter((name) => Object.hasOwn(known, name));
  if (taken.length > 0) throw new ConfigError(`${config}: there is an upstream ${taken.join(', ')} already`);
  const merged = { ...content, worker: { ...worker, upstreams: { ...known, ...upstreams } } };
  writeFileSync(config, toText(merged), { mode: MODE });
}

function parseConfig(config: string): Json {
  let content: unknown;
  try {
    content = JSON.parse(read(config));
  } catch (cause) {
    if (cause instanceof OperatorError) throw cause;
    throw new ConfigError(`${config}: ${(cause as Error).message}`, { cause });
  }
  return objectAt({ content }, 'content', config);
}

function objectAt(parent: Json, key: string, config: string): Json {
  const value = parent[key] ?? {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Json;
  throw new ConfigError(`${config}: ${key} — expected an object`);
}

function toText(value: Json): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
