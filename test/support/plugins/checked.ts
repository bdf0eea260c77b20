import { definePlugin, defineTool } from '@millrace/toolkit';
import { z } from 'zod';

/** A plugin whose database and mail server can be broken by calling a tool, and one that blocks the whole process. */
const broken = new Set<string>();

const breakIt = defineTool({
  name: 'break',
  description: 'Breaks what a check looks at, or mends it',
  input: z.object({ check: z.string(), broken: z.boolean() }),
  handler: ({ check, broken: isBroken }) => {
    if (isBroken) broken.add(check);
    else broken.delete(check);
    return 'done';
  },
});

const failLoudly = defineTool({
  name: 'fail_loudly',
  description: 'Fails by a bug',
  input: z.object({}),
  handler: () => {
    throw new TypeError('a bug');
  },
});

export default definePlugin({
  name: 'checked',
  version: '1.0.0',
  tools: [breakIt, failLoudly],
  setup(host) {
    const look = (name: string) => () => {
      if (broken.has(name)) throw new Error(`${name} is broken`);
    };
    host.addCheck({ name: 'database', run: look('database') });
    host.addCheck({ name: 'mail', optional: true, run: look('mail') });
    host.addCheck({
      name: 'stuck',
      optional: true,
      run: () => (broken.has('stuck') ? new Promise(() => {}) : undefined),
    });
    return {};
  },
});
