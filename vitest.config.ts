import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{apps,libs,test}/**/*.test.ts'],
    globalSetup: ['test/support/redis-on-the-path.ts'],
    pool: 'forks',
    // Several tests start processes of their own: more than one file per core only makes them wait.
    maxWorkers: 2,
    testTimeout: 15_000,
    hookTimeout: 20_000,
    teardownTimeout: 5_000,
    // A promise that nobody waits for is a bug of the code, whatever the assertions say.
    dangerouslyIgnoreUnhandledErrors: false,
    restoreMocks: true,
    passWithNoTests: false,
  },
});
