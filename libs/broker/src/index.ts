export { AccessNotice, NOTICE_INTERVAL_MS } from './access-notice.ts';
export { Affinities } from './affinities.ts';
export { Announcer, type AnnouncerOptions } from './announcer.ts';
export { AnswerListener, type AnswerListenerOptions } from './answer-listener.ts';
export { AnswerSender, type ClientAnswer } from './answer-sender.ts';
export { ApiKeyTable } from './api-key-table.ts';
export { AskedRequests } from './asked-requests.ts';
export { AuditStream } from './audit-stream.ts';
export { Bag } from './bag.ts';
export { type BatchLimits, DEFAULT_BATCH_LIMITS } from './batcher.ts';
export {
  BreakerBoard,
  type BreakerChange,
  type BreakerReport,
  type BreakerRules,
  type BreakerStanding,
  type ProbeReply,
} from './breaker-board.ts';
export { countBreakers } from './breaker-metrics.ts';
export { CacheTags, tagOfResource } from './cache-tags.ts';
export { CancellationListener, type CancellationListenerOptions } from './cancellations.ts';
export { Catalogue, type CatalogueOptions } from './catalogue.ts';
export type { CanaryView, CatalogueView } from './catalogue-view.ts';
export { ChangeLog } from './change-log.ts';
export { type ClaimRequest, Claims } from './claims.ts';
export {
  type DeadLetter,
  DeadLetters,
  type LetterPage,
  lettersOf,
  type NewDeadLetter,
  type ReplayOptions,
} from './dead-letters.ts';
export { type Abandoned, type Delivery, TryAgain } from './delivery.ts';
export type { Dispatch, FrameListener } from './dispatch.ts';
export { Dispatcher, type DispatcherOptions } from './dispatcher.ts';
export { EventStreams, type StreamCall, type StreamEvent, type StreamName } from './event-streams.ts';
export { type ClusterEvent, EventPublisher, EventSubscriber, type EventSubscriberOptions } from './events.ts';
export { FinishedCalls } from './finished-calls.ts';
export { type Fleet, readFleet } from './fleet.ts';
export { FleetLeases, type Lease, type LeaseWait } from './fleet-leases.ts';
export {
  type FlightAddress,
  Flights,
  flightName,
  type NamedFlight,
  readAddress,
  writeAddress,
} from './flights.ts';
export { FrameListeners } from './frame-listeners.ts';
export { FrontDoorWatch, type FrontDoorWatchOptions } from './front-door-watch.ts';
export {
  type Beginning,
  type Ending,
  IdempotencyRecords,
  type Outcome,
  type Standing,
} from './idempotency-records.ts';
export { Intake } from './intake.ts';
export type { IntakeOptions } from './intake-options.ts';
export { Keys } from './keys.ts';
export { type KeptResult, LastGood, type LastGoodCall, type LastGoodScope } from './last-good.ts';
export { summaryOf, viewOf } from './letter-view.ts';
export { findRedis, type LocalRedis, startPrivateRedis } from './local-redis.ts';
export type { Lock } from './locks.ts';
export { observeRedis } from './observe-redis.ts';
export { Operations, type OperationsOptions, type PoolStanding } from './operations.ts';
export { Orders, type StandingOrders } from './orders.ts';
export { withPatience } from './patience.ts';
export { PeerCensus } from './peer-census.ts';
export { PeerChannel, type PeerMessage } from './peer-channel.ts';
export { Places } from './places.ts';
export { PolicyLink } from './policy-link.ts';
export { PoolControl } from './pool-control.ts';
export { Presence, type PresenceOptions } from './presence.ts';
export type { LimitStanding } from './rate-limit.ts';
export { RateLimits, type RateLimitsOptions } from './rate-limits.ts';
export { RecentReplies } from './recent-replies.ts';
export { connectFailFast, connectPatient, disconnect, whenReady } from './redis.ts';
export { examineRedis, type RedisFindings } from './redis-examination.ts';
export { redisIsAway, redisIsFull, redisRefused } from './redis-failure.ts';
export { type RedisCondition, RedisProbe } from './redis-probe.ts';
export { checkRedis, REDIS_SETTINGS, type RedisSettings, redisSourceOf } from './redis-settings.ts';
export type { RedisAddress, RedisSource } from './redis-source.ts';
export { Replies } from './replies.ts';
export { ResourceChanges } from './resource-changes.ts';
export { demandOf, type PoolWork } from './scaling-demand.ts';
export { type ScalingDemand, ScalingReader, type ScalingReaderOptions } from './scaling-reader.ts';
export { type SessionRecord, SessionStore } from './session-store.ts';
export { SharedCache, type SharedEntry } from './shared-cache.ts';
export { StateChannel } from './state-channel.ts';
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
