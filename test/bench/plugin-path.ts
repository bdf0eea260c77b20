import { fileURLToPath } from 'node:url';

/** @param file name of a plugin under test/bench, for the setting that names the plugins of a worker */
export function pluginPath(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}
