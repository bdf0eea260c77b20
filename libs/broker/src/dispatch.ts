import type { Call, Frame, Priority } from '@millrace/protocol';

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
  /** Calls of the target that share one run at most, because it takes batches; absent: each has a run of its own. */
  readonly sharedBy?: number | undefined;
  /** `normal` unless given. */
  readonly priority?: Priority;
  readonly listener: FrameListener;
}
