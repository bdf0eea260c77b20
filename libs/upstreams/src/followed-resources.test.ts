import { expect, test, vi } from 'vitest';
import { FollowedResources, type Following } from './followed-resources.ts';

class FakeProcess implements Following {
  readonly follow = vi.fn((uris: ReadonlySet<string>) => this.asked.push([...uris]));
  readonly asked: string[][] = [];
  readonly #ended = Promise.withResolvers<string>();

  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  end(): void {
    this.#ended.resolve('exit code 0');
  }
}

test('a process that joins is asked for all that is known, and later for what is new', () => {
  const followed = new FollowedResources();
  const [first, second] = [new FakeProcess(), new FakeProcess()];
  followed.join(first);
  followed.add(['a']);
  followed.join(second);
  followed.add(['a', 'b']);
  expect(first.asked).toEqual([[], ['a'], ['a', 'b']]);
  expect(second.asked).toEqual([['a'], ['a', 'b']]);
});

test('what is known already asks nobody again', () => {
  const followed = new FollowedResources();
  const process = new FakeProcess();
  followed.join(process);
  followed.add(['a']);
  followed.add(['a']);
  expect(process.follow).toHaveBeenCalledTimes(2);
});

test('a process that has ended is asked no more', async () => {
  const followed = new FollowedResources();
  const process = new FakeProcess();
  followed.join(process);
  process.end();
  await process.ended;
  followed.add(['a']);
  expect(process.asked).toEqual([[]]);
});

test('there is a most, however many a server has', () => {
  const followed = new FollowedResources();
  followed.add(Array.from({ length: 2_000 }, (_, at) => `note://${at}`));
  const process = new FakeProcess();
  followed.join(process);
  expect(process.asked[0]).toHaveLength(1_000);
});
