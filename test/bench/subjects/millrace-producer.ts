/** Our broker as a front door uses it, without the HTTP before it. */
import { Catalogue, DEFAULT_CATALOGUE_TIMES, Dispatcher, Keys } from '@millrace/broker';
import { type Frame, isTerminal } from '@millrace/protocol';
import { createLogger } from '@millrace/service';
import { childConfig, serveParent } from '../bench-child.ts';
import { type BrokerLoad, brokerLoop } from '../broker-loop.ts';
import { checkEcho, echoCall } from '../echo-call.ts';

const { redisUrl, prefix } = childConfig<{ redisUrl: string; prefix: string }>();
const source = { url: redisUrl, logger: createLogger({ name: 'bench', level: 'warn' }) };
const keys = new Keys(prefix);
const catalogue = new Catalogue({ source, keys, times: DEFAULT_CATALOGUE_TIMES });
const slotsOf = (pool: string) => catalogue.slotsOf(pool);
const dispatcher = new Dispatcher({ source, keys, frontDoor: 'bench', slotsOf });
await catalogue.start();
await dispatcher.start();

/** About what a front door knows of the request from its body. */
const BYTES = JSON.stringify(echoCall(0)).length;

function answerTo(number: number): Promise<Frame> {
  const call = echoCall(number);
  return new Promise((resolve) => {
    const listener = (frame: Frame) => {
      if (isTerminal(frame)) resolve(frame);
    };
    dispatcher.dispatch({ call, pool: 'default', idempotent: true, bytes: BYTES, listener });
  });
}

await serveParent((load: BrokerLoad) =>
  brokerLoop(load, async (number) => checkEcho((await answerTo(number)).payload, number)),
);
