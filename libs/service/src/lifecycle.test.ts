import { describe, expect, test } from 'vitest';
import { Lifecycle, type Phase } from './lifecycle.ts';
import type { Service } from './service.ts';

interface Behaviour {
  readonly start?: () => Promise<void>;
  readonly stop?: () => Promise<void>;
}

function recorder() {
  const log: string[] = [];
  const service = (name: string, behaviour: Behaviour = {}): Service => ({
    start: async () => {
      log.push(`+${name}`);
      await behaviour.start?.();
    },
    stop: async () => {
      log.push(`-${name}`);
      await behaviour.stop?.();
    },
  });
  return { log, service };
}

const fail = (text: string) => () => Promise.reject(new Error(text));

describe('a lifecycle', () => {
  test('starts in order, stops in reverse, and tells its phases', async () => {
    const { log, service } = recorder();
    const life = new Lifecycle([service('a'), service('b'), service('c')]);
    const phases: Phase[] = [life.phase];
    life.onPhase((phase) => phases.push(phase));
    await life.start();
    await life.stop();
    expect(log).toEqual(['+a', '+b', '+c', '-c', '-b', '-a']);
    expect(phases).toEqual(['initialize', 'ready', 'draining', 'stopped']);
  });

  test('starts once and stops once, however often it is asked', async () => {
    const { log, service } = recorder();
    const life = new Lifecycle([service('a')]);
    await Promise.all([life.start(), life.start()]);
    await Promise.all([life.stop(), life.stop()]);
    await life.stop();
    expect(log).toEqual(['+a', '-a']);
  });

  test('may be stopped without ever having started, and then stays stopped', async () => {
    const { log, service } = recorder();
    const life = new Lifecycle([service('a')]);
    await life.stop();
    expect(log).toEqual([]);
    await expect(life.start()).rejects.toThrow('stopped while it was starting');
    expect(life.phase).toBe('stopped');
  });

  test('stops what it started, and what failed half-way, when a start fails', async () => {
    const { log, service } = recorder();
    const life = new Lifecycle([service('a'), service('b', { start: fail('no b') }), service('c')]);
    await expect(life.start()).rejects.toThrow('no b');
    expect(log).toEqual(['+a', '+b', '-b', '-a']);
    expect(life.phase).toBe('stopped');
  });

  test('keeps the first failure as the cause when a stop fails after it', async () => {
    const { service } = recorder();
    const life = new Lifecycle([
      service('a', { stop: fail('stuck') }),
      service('b', { start: fail('no b') }),
    ]);
    const failure = await life.start().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AggregateError);
    expect((failure as AggregateError).cause).toMatchObject({ message: 'no b' });
  });

  test('stops the others when one fails to stop', async () => {
    const { log, service } = recorder();
    const life = new Lifecycle([service('a'), service('b', { stop: fail('stuck') }), service('c')]);
    await life.start();
    await expect(life.stop()).rejects.toThrow('stuck');
    expect(log.slice(3)).toEqual(['-c', '-b', '-a']);
  });

  test('passes the deadline on', async () => {
    let seen: number | undefined;
    const service: Service = {
      start: async () => undefined,
      stop: async (deadline) => {
        seen = deadline;
      },
    };
    const life = new Lifecycle([service]);
    await life.start();
    await life.stop(1234);
    expect(seen).toBe(1234);
  });

  test('stopped while a service starts: that one is stopped again when it has come up, later ones never start', async () => {
    const { log, service } = recorder();
    const [gate, entered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slow = async () => {
      entered.resolve();
      await gate.promise;
    };
    const life = new Lifecycle([service('a'), service('b', { start: slow }), service('c')]);
    const starting = life.start();
    await entered.promise;
    await life.stop();
    gate.resolve();
    await expect(starting).rejects.toThrow('stopped while it was starting');
    expect(log).toEqual(['+a', '+b', '-b', '-a', '-b']);
  });
});

describe('stress', () => {
  // A fixed seed: the same random lives in every run.
  const random = generator(42);
  const lives = Array.from({ length: 500 }, (_, index) => index);

  test('in 500 random lives whatever ran is stopped, in reverse order, and nothing starts after the end', async () => {
    for (const life of lives) await liveOnce(life);
  });

  async function liveOnce(id: number): Promise<void> {
    const { log, service } = recorder();
    const running = new Set<string>();
    const services = Array.from({ length: 1 + Math.floor(random() * 6) }, (_, index) =>
      service(`${index}`, randomBehaviour(`${index}`, running)),
    );
    const life = new Lifecycle(services);
    const ended = random() < 0.5 ? turns(Math.floor(random() * 12)).then(() => life.stop()) : undefined;
    const outcomes = await Promise.allSettled([life.start(), ended]);
    await life.stop().catch((error: unknown) => expect(error).toBeInstanceOf(Error));
    expect(running, `life ${id}: ${log} ${JSON.stringify(outcomes)}`).toEqual(new Set());
    expect(life.phase).toBe('stopped');
    expectOrder(log);
  }

  function randomBehaviour(name: string, running: Set<string>): Behaviour {
    const [startTurns, stopTurns] = [Math.floor(random() * 4), Math.floor(random() * 4)];
    const [startFails, stopFails] = [random() < 0.1, random() < 0.1];
    return {
      start: async () => {
        await turns(startTurns);
        if (startFails) throw new Error(`start ${name}`);
        running.add(name);
      },
      stop: async () => {
        await turns(stopTurns);
        running.delete(name);
        if (stopFails) throw new Error(`stop ${name}`);
      },
    };
  }

  function expectOrder(log: string[]): void {
    const starts = log.filter((entry) => entry.startsWith('+'));
    expect(starts).toEqual(starts.map((_, index) => `+${index}`));
    const stops = [...new Set(log.filter((entry) => entry.startsWith('-')))];
    expect(stops).toEqual(starts.map((entry) => entry.replace('+', '-')).toReversed());
  }

  async function turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) await Promise.resolve();
  }
});

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}
