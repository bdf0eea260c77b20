import { fileURLToPath } from 'node:url';

/** Path of a module of `plugins/`, as `MILLRACE_PLUGINS` and `MILLRACE_MIDDLEWARE` take it. */
export function pluginPath(name: string): string {
  return fileURLToPath(new URL(`./plugins/${name}.ts`, import.meta.url));
}
