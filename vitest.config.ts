import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Tests start hundreds of processes: with what they compiled kept, each is up in half the time.
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'millrace-compile-cache');

export default defineConfig({
  test: {
    include: ['{apps,libs,test}/**/*.test.ts'],
    globalSetup: ['test/support/redis-on-the-path.ts'],
    pool: 'forks',
    // Nothing here mocks modules, so files can share those that were loaded before them.
    isolate: false,
    // Several tests start processes of their own: more than one file per core only makes them wait.
    maxWorkers: 2,
    // Nothing is measured by them: on a machine that others use too, a test may take longer, not fail.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 5_000,
    // A promise that nobody waits for is a bug of the code, whatever the assertions say.
    dangerouslyIgnoreUnhandledErrors: false,
    restoreMocks: true,
    passWithNoTests: false,
  },
});
