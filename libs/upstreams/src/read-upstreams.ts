import { ConfigError } from '@millrace/service';
import { type UpstreamSettings, upstreamSchema } from './settings.ts';
import { type Env, expandVariables } from './variables.ts';

/** What a name of an upstream may be: it stands in logs, metrics and errors. */
const NAME = /^[\w.-]{1,64}$/;

/** Fields in which variables of the worker's environment may stand. */
const EXPANDED = ['command', 'args', 'cwd', 'env', 'url', 'headers'] as const;

/**
 * Checks the upstreams of a configuration, fills in the defaults and the variables.
 *
 * @throws ConfigError with one line per problem; no value is shown, since it may be a secret
 */
export function readUpstreams(upstreams: Readonly<Record<string, unknown>>, env: Env): UpstreamSettings[] {
  const problems: string[] = [];
  const read = Object.entries(upstreams).map(([name, value]) => readOne(name, value, env, problems));
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  return read.filter((one) => one !== undefined);
}

function readOne(name: string, value: unknown, env: Env, problems: string[]): UpstreamSettings | undefined {
  if (!NAME.test(name)) {
    problems.push(`upstreams.${name}: expected a name of up to 64 letters, digits, ".", "_" and "-"`);
    return undefined;
  }
  const expanded = expand(name, value, env, problems);
  const parsed = upstreamSchema.safeParse(expanded);
  if (parsed.success) return { ...parsed.data, name };
  for (const { path, message } of parsed.error.issues) {
    problems.push(`${['upstreams', name, ...path.map(String)].join('.')}: ${message}`);
  }
  return undefined;
}

function expand(name: string, value: unknown, env: Env, problems: string[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const expanded: Record<string, unknown> = { ...value };
  for (const field of EXPANDED) {
    if (!(field in expanded)) continue;
    try {
      expanded[field] = expandVariables(expanded[field], env);
    } catch (error) {
      problems.push(`upstreams.${name}.${field}: ${(error as Error).message}`);
    }
  }
  return expanded;
}
