import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { fencesOf } from './fences.ts';
import { Paste } from './paste.ts';

const GUIDE = fileURLToPath(new URL('../../docs/guide.md', import.meta.url));

/** What a reader should see of certain commands. */
const SEEN: readonly (readonly [command: string, seen: RegExp])[] = [
  ['millrace tools', /^query_users /m],
  ['call query_users', /admin/],
  ['curl', /"name":"query_users"/],
  ['npm test', /Tests .*3 passed/],
  ['call shout', /HELLO!\n(.*\n)*AGAIN!/],
  ['millrace workers', /my-tools@1\.1\.0/],
  ['top --once', /^default +2 /m],
  ['millrace bench', /errors: none/],
  ['millrace doctor', /^ok {3}2 live workers/m],
  ['text=either', /default-canary \(20 %\)(.*\n)*EITHER!/],
];

test('the commands of the guide work when they are pasted', { timeout: 240_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-guide-'));
  const paste = new Paste(folder);
  const unseen = new Map(SEEN);
  try {
    await paste.begin();
    for (const fence of fencesOf(await readFile(GUIDE, 'utf8'))) {
      const output = await paste.run(fence);
      for (const [command, seen] of unseen) {
        if (!fence.text.includes(command)) continue;
        expect(output).toMatch(seen);
        unseen.delete(command);
      }
    }
    expect([...unseen.keys()]).toEqual([]);
  } finally {
    await paste.stop();
    await rm(folder, { recursive: true });
  }
});
