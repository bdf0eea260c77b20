import { setImmediate as turn } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { type FlightAddress, Flights, flightName } from './flights.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();
const newFlights = () => new Flights(context.redis, context.keys);

function flight(door: string, n = 1, key = 'the same call') {
  const address: FlightAddress = { id: `${door}.flight-${n}`, to: { frontDoor: door, version: 2 } };
  return { name: flightName(key), address };
}

test('the first one leads, and the others are told who that is', async () => {
  const flights = newFlights();
  expect(await flights.begin(flight('f-a'))).toBeUndefined();
  expect(await flights.begin(flight('f-b'))).toEqual(flight('f-a').address);
  expect(await flights.begin(flight('f-c'))).toEqual(flight('f-a').address);
});

test('of many that begin at once exactly one leads', async () => {
  const all = [newFlights(), newFlights()];
  const leaders = await Promise.all(
    Array.from({ length: 50 }, (_, n) => (all[n % 2] as Flights).begin(flight('f', n))),
  );
  expect(leaders.filter((leader) => leader === undefined)).toHaveLength(1);
});

test('the leader ends it and hears who followed; then it begins anew', async () => {
  const flights = newFlights();
  await flights.begin(flight('f-a'));
  await Promise.all([flights.begin(flight('f-b', 7)), flights.begin(flight('f-c', 9))]);
  expect(await flights.end(flight('f-a'))).toEqual([flight('f-b', 7).address, flight('f-c', 9).address]);
  expect(await flights.begin(flight('f-d'))).toBeUndefined();
});

test('an end goes before a beginning of the same turn', async () => {
  const flights = newFlights();
  await flights.begin(flight('f-a', 1));
  const [leader, followers] = await Promise.all([
    flights.begin(flight('f-a', 2)),
    flights.end(flight('f-a', 1)),
  ]);
  expect([leader, followers]).toEqual([undefined, []]);
});

test('nobody ends what another leads', async () => {
  const flights = newFlights();
  await flights.begin(flight('f-a'));
  expect(await flights.end(flight('f-b'))).toEqual([]);
  expect(await flights.leaders(['the same call', 'another'].map(flightName))).toEqual([
    'f-a.flight-1',
    undefined,
  ]);
});

test('calls that differ do not meet', async () => {
  const flights = newFlights();
  const leaders = await Promise.all(['x', 'y'].map((key) => flights.begin(flight('f-a', 1, key))));
  expect(leaders).toEqual([undefined, undefined]);
});

test('a flight whose leader is silent is forgotten; renewing it keeps it', async () => {
  const flights = newFlights();
  await flights.begin(flight('f-a'));
  const [name] = await context.redis.keys(context.keys.flight('*'));
  expect(await context.redis.pttl(name ?? '')).toBeLessThanOrEqual(3_000);
  await context.redis.pexpire(name ?? '', 20);
  await flights.renew([flight('f-a')]);
  expect(await context.redis.pttl(name ?? '')).toBeGreaterThan(2_000);
  await context.redis.pexpire(name ?? '', 1);
  await vi.waitFor(async () =>
    expect(await flights.leaders([flightName('the same call')])).toEqual([undefined]),
  );
});

test('all that happens in one turn is one command', async () => {
  const flights = newFlights();
  await flights.begin(flight('f-a', 0, 'loads the script'));
  const evalsha = vi.spyOn(context.redis, 'evalsha');
  const begun = Array.from({ length: 10 }, (_, n) => flights.begin(flight('f-a', n, `call ${n}`)));
  await turn();
  await Promise.all(begun);
  expect(evalsha).toHaveBeenCalledTimes(1);
});
