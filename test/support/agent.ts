import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const MAIN = fileURLToPath(new URL('./agent-main.ts', import.meta.url));

/** What an agent prints at its end; see `agent-main.ts`. */
export type AgentReport = Readonly<Record<string, unknown>>;

/**
 * Runs an agent in a process of its own, to its end.
 *
 * @param sdk generation of the official client: v1 speaks 2025 revisions, v2 is pinned to 2026-07-28
 * @param transport its kind, and where it leads
 */
export async function runAgent(sdk: 'v1' | 'v2', ...transport: readonly string[]): Promise<AgentReport> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [MAIN, sdk, ...transport], {
    timeout: 12_000,
  });
  if (stderr !== '') throw new Error(`the agent printed: ${stderr}`);
  return JSON.parse(stdout) as AgentReport;
}
