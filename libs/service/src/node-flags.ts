import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * How Node runs a front door or a worker. Nearly everything they make lives for one call only. Left alone, V8 lets the
 * young generation grow to 130 MB and collects the old one late; with a small young generation, and old garbage
 * collected once it is a quarter of what lives, they stay under 150 MB at full load and are no slower.
 */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=4', '--heap-growing-percent=25'];

/** Keeps compiled modules between starts: a process is up sooner and 25 MB smaller, without the TypeScript loader. */
export const NODE_ENVIRONMENT: Readonly<Record<string, string>> = {
  NODE_COMPILE_CACHE: join(tmpdir(), 'millrace-compile-cache'),
};
