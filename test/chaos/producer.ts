/** One producer: a process with several agents that make calls until they are told to finish. */
import { setTimeout as pause } from 'node:timers/promises';
import { Agent } from './agent.ts';
import { Doors } from './doors.ts';
import { LedgerWriter } from './ledger.ts';
import { ModernSpeaker } from './modern-speaker.ts';
import { nextOperation, poison } from './operation.ts';
import { Random } from './random.ts';
import { SessionSpeaker } from './session-speaker.ts';

/** What a producer is told in its environment, as JSON in `CHAOS_PRODUCER`. */
export interface ProducerSettings {
  readonly name: string;
  readonly era: 'modern' | 'session';
  readonly seed: number;
  readonly urls: readonly string[];
  readonly agents: number;
  readonly gapMs: number;
  readonly callTimeoutMs: number;
  readonly ledger: string;
}

/** How much longer than a call may take its client waits, in milliseconds. */
const GRACE_MS = 8_000;

const settings = JSON.parse(process.env['CHAOS_PRODUCER'] ?? '{}') as ProducerSettings;
const { name, era, seed, urls, agents, gapMs, callTimeoutMs } = settings;
const ledger = new LedgerWriter(settings.ledger, name);
const doors = new Doors(urls, new Random(seed));
const patienceMs = callTimeoutMs + GRACE_MS;
let finishing = false;
let poisons = 0;

function newAgent(): { readonly agent: Agent; readonly tasks: boolean } {
  const speaker =
    era === 'modern' ? new ModernSpeaker(doors, patienceMs) : new SessionSpeaker(doors, patienceMs);
  return { agent: new Agent({ producer: name, speaker, doors, ledger }), tasks: speaker.takesTasks };
}

async function work(index: number): Promise<void> {
  const random = new Random(seed + index * 7_919);
  const { agent, tasks } = newAgent();
  for (let n = 0; !finishing; n += 1) {
    await agent.do(nextOperation(`${name}.${index}.${n}`, random, tasks));
    await pause(random.between(0, 2 * gapMs));
  }
}

const poisoned: Promise<void>[] = [];

process.on('message', (message) => {
  if (message === 'finish') finishing = true;
  if (message === 'poison') {
    poisons += 1;
    poisoned.push(newAgent().agent.do(poison(`${name}.poison.${poisons}`)));
  }
});

await Promise.all(Array.from({ length: agents }, (_, index) => work(index)));
await Promise.all(poisoned);
ledger.close();
process.disconnect();
