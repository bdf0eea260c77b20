import { closedLoop, type Timing } from './closed-loop.ts';
import { numbers } from './mcp-request.ts';
import type { Measured } from './recorder.ts';

export interface BrokerLoad extends Timing {
  readonly inFlight: number;
}

const nextNumber = numbers();

/** The same closed loop for every transport without HTTP. */
export function brokerLoop(load: BrokerLoad, call: (number: number) => Promise<void>): Promise<Measured> {
  const lane = async () => {
    await call(nextNumber());
    return '';
  };
  return closedLoop(new Array(load.inFlight).fill(lane), load);
}
