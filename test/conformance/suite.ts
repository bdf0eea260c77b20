import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Check, type RevisionScore, type ScenarioScore, scoreRevision, scoreScenario } from './score.ts';

/** The revisions that have a requirement set. */
export const REVISIONS = ['2025-11-25', '2026-07-28'] as const;

export type ConformanceRevision = (typeof REVISIONS)[number];

const SUITE = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url),
);

/** The suite names its folders `server-<scenario>-<time>`. */
const FOLDER = /^server-(.+)-\d{4}-\d{2}-\d{2}T[\d-]+Z$/;

/** What the suite prints before each scenario. */
const STARTS = /^=== Running scenario: (\S+) ===$/;

/** How the suite's report names a scenario that is run for information. */
const NOT_SCORED = /^ {2}[✓✗] (\S+) \(/;

export interface SuiteRun {
  /** The MCP endpoint that is tested. */
  readonly url: string;
  readonly revision: ConformanceRevision;
  /** Told of each scenario when it starts. */
  readonly onScenario: (scenario: string) => void;
  readonly signal?: AbortSignal;
}

/** Runs the official suite's server scenarios of one requirement set. */
export async function runSuite(run: SuiteRun): Promise<RevisionScore> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-conformance-'));
  const startedAt = Date.now();
  try {
    const notScored = await runCommand(run, folder);
    const scenarios = await readScenarios(folder, notScored);
    return scoreRevision(scenarios, Math.round((Date.now() - startedAt) / 100) / 10);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @returns the scenarios that are not scored, as the report names them */
async function runCommand({ url, revision, onScenario, signal }: SuiteRun, folder: string) {
  const args = [SUITE, 'server', '--url', url, '--requirements', revision, '-o', folder];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal && { signal }),
  });
  const notScored = new Set<string>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const scenario = STARTS.exec(line)?.[1];
    if (scenario !== undefined) onScenario(scenario);
    const name = NOT_SCORED.exec(line)?.[1];
    if (name !== undefined) notScored.add(name);
  });
  const [errors, [code]] = await Promise.all([child.stderr.toArray(), once(child, 'close')]);
  // It ends with 1 when checks failed; then their folders are there.
  if (code !== 0 && (await readdir(folder)).length === 0) {
    throw new Error(`the suite ended with ${code}: ${errors.join('')}`);
  }
  return notScored;
}

async function readScenarios(folder: string, notScored: ReadonlySet<string>) {
  const scenarios: Record<string, ScenarioScore> = {};
  for (const name of (await readdir(folder)).toSorted()) {
    const scenario = FOLDER.exec(name)?.[1];
    if (scenario === undefined) throw new Error(`the suite left a folder that is not known: ${name}`);
    scenarios[scenario] = scoreScenario(await readChecks(join(folder, name)), !notScored.has(scenario));
  }
  return scenarios;
}

/** A scenario that broke down has a folder and no checks. */
async function readChecks(folder: string): Promise<Check[] | undefined> {
  const [file] = await readdir(folder);
  return file === undefined ? undefined : (JSON.parse(await readFile(join(folder, file), 'utf8')) as Check[]);
}
