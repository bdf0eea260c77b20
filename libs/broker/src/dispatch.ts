import type { Call, Frame } from '@millrace/protocol';

/** Receives the frames of one call, the terminal one last. */
export type FrameListener = (frame: Frame) => void;

/** One call to be made, and who hears of it. */
export interface Dispatch {
  readonly call: Call;
  readonly pool: string;
  /** Whether it does no harm when the call runs twice. */
  readonly idempotent: boolean;
  /** Size of the parameters in bytes, about. */
  readonly bytes: number;
  readonly listener: FrameListener;
}
