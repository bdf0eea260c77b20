import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * How Node runs a front door or a worker. Nearly everything they make lives for one call only: a small young
 * generation keeps them under 150 MB at full load, where the default would let it grow to 130 MB alone.
 */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=8'];

/** Keeps compiled modules between starts: a process is up sooner and 25 MB smaller, without the TypeScript loader. */
export const NODE_ENVIRONMENT: Readonly<Record<string, string>> = {
  NODE_COMPILE_CACHE: join(tmpdir(), 'millrace-compile-cache'),
};
