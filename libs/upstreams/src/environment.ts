import type { UpstreamSettings } from './settings.ts';
import type { Env } from './variables.ts';

/** What programs need to run at all; everything else of the worker, its secrets above all, stays with it. */
const ALWAYS = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];

/** The environment of the processes of an upstream: an allow-list of the worker's, and its own variables over it. */
export function environmentOf(
  { env, envFrom }: Pick<UpstreamSettings, 'env' | 'envFrom'>,
  worker: Env,
): Record<string, string> {
  const allowed = [...ALWAYS, ...envFrom].flatMap((name) => {
    const value = worker[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(allowed), ...env };
}
