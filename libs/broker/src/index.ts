export { Announcer, type AnnouncerOptions } from './announcer.ts';
export { AnswerListener, type AnswerListenerOptions } from './answer-listener.ts';
export { AnswerSender, type ClientAnswer } from './answer-sender.ts';
export { AskedRequests } from './asked-requests.ts';
export { type BatchLimits, DEFAULT_BATCH_LIMITS } from './batcher.ts';
export { CancellationListener, type CancellationListenerOptions } from './cancellations.ts';
export { Catalogue, type CatalogueOptions } from './catalogue.ts';
export type { CatalogueView } from './catalogue-view.ts';
export { ChangeLog } from './change-log.ts';
export { type ClaimRequest, Claims } from './claims.ts';
export type { Dispatch, FrameListener } from './dispatch.ts';
export { Dispatcher, type DispatcherOptions } from './dispatcher.ts';
export { EventStreams, type StreamCall, type StreamEvent, type StreamName } from './event-streams.ts';
export { type ClusterEvent, EventPublisher, EventSubscriber, type EventSubscriberOptions } from './events.ts';
export { FinishedCalls } from './finished-calls.ts';
export { type Delivery, Intake, type IntakeOptions, TryAgain } from './intake.ts';
export { Keys } from './keys.ts';
export { findRedis, type LocalRedis, startPrivateRedis } from './local-redis.ts';
export { PeerChannel, type PeerMessage } from './peer-channel.ts';
export {
  connectFailFast,
  connectPatient,
  disconnect,
  type RedisSource,
  redisIsAway,
  whenReady,
} from './redis.ts';
export { Replies } from './replies.ts';
export { type SessionRecord, SessionStore } from './session-store.ts';
export { StateKey, type StateKeyOptions } from './state-key.ts';
export { StoredReplies } from './stored-replies.ts';
export {
  hasEnded,
  type OpenQuestion,
  type Task,
  type TaskAnswer,
  type TaskOutcome,
  type TaskPlan,
  type TaskQuestion,
  type TaskStatus,
} from './task.ts';
export { type Asked, TaskProgress, type TaskStanding } from './task-progress.ts';
export { TaskQueue, type TaskQueueOptions } from './task-queue.ts';
export { type FoundTask, TaskStore } from './task-store.ts';
export { TaskTable } from './task-table.ts';
export { Tick } from './tick.ts';
export { type CatalogueTimes, DEFAULT_CATALOGUE_TIMES, type WorkerRecord } from './worker-record.ts';
