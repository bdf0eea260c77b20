import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type CallContext, definePlugin, defineTool, type PluginHost } from '@millrace/toolkit';
import { z } from 'zod';
import { LedgerWriter } from './ledger.ts';

/** The variable that names the directory of the ledger. */
export const LEDGER_VARIABLE = 'CHAOS_LEDGER';

const ARGUMENTS = z.object({ id: z.string(), ms: z.int().min(0).default(0) });

type Arguments = z.infer<typeof ARGUMENTS>;

/** Tools that write down that they run, in a store of their own, before they do anything else. */
function tools(ledger: LedgerWriter) {
  const run = async (
    { id, ms }: Arguments,
    { signal, progress }: Pick<CallContext, 'signal' | 'progress'>,
  ) => {
    const run = randomUUID();
    ledger.write({ kind: 'begin', call: id, run, pid: process.pid, at: Date.now() });
    if (ms > 0) {
      progress(0);
      await pause(ms, undefined, { signal });
    }
    ledger.write({ kind: 'end', call: id, run, at: Date.now() });
    return id;
  };
  const tool = (name: string, idempotent: boolean, task: 'never' | 'required' = 'never') =>
    defineTool({
      name,
      description: idempotent ? 'May run twice.' : 'Must not run twice.',
      input: ARGUMENTS,
      annotations: { idempotentHint: idempotent },
      task,
      handler: run,
    });
  return [
    tool('look', true),
    tool('book', false),
    tool('work', true, 'required'),
    tool('work_once', false, 'required'),
    defineTool({
      name: 'poison',
      description: 'Kills its worker.',
      input: ARGUMENTS,
      annotations: { idempotentHint: true },
      handler: ({ id }) => {
        ledger.write({ kind: 'begin', call: id, run: randomUUID(), pid: process.pid, at: Date.now() });
        process.kill(process.pid, 'SIGKILL');
        return new Promise<string>(() => undefined);
      },
    }),
  ];
}

export default definePlugin({
  name: 'chaos',
  version: '1.0.0',
  setup: ({ env }: PluginHost) => {
    const ledger = new LedgerWriter(env[LEDGER_VARIABLE] ?? '.', 'tool');
    return { tools: tools(ledger), teardown: () => ledger.close() };
  },
});
