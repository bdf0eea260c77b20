export type Env = Readonly<Record<string, string | undefined>>;

/** `${NAME}`, `${env:NAME}` or `${NAME:-default}`, as the clients that read `mcp.json` write them. */
const VARIABLE = /\$\{(?:env:)?([A-Za-z_]\w*)(?::-([^}]*))?\}/g;

/**
 * Puts the values of variables in the place of their names, in all texts of a value.
 *
 * @throws Error that names a variable which is not set and has no default
 */
export function expandVariables<T>(value: T, env: Env): T {
  if (typeof value === 'string') return expandText(value, env) as T;
  if (Array.isArray(value)) return value.map((item) => expandVariables(item, env)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, expandVariables(item, env)]),
  ) as T;
}

function expandText(text: string, env: Env): string {
  return text.replaceAll(VARIABLE, (_, name: string, fallback: string | undefined) => {
    const value = env[name] ?? fallback;
    if (value === undefined) throw new Error(`the variable ${name} is not set`);
    return value;
  });
}
