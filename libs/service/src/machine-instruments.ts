import type { Instrument } from './instrument.ts';

/** What a process runs on: Redis, memory, disk. */
export const MACHINE_METRICS = {
  redisUp: {
    type: 'gauge',
    name: 'millrace_redis_up',
    help: 'Whether Redis answers this process: 1 or 0.',
  },
  redisRoundTrip: {
    type: 'gauge',
    name: 'millrace_redis_round_trip_seconds',
    help: 'How long Redis took to answer this process the last time it was asked for these figures.',
  },
  redisMemory: {
    type: 'gauge',
    name: 'millrace_redis_memory_bytes',
    help: 'Memory that Redis uses.',
  },
  redisMemoryMax: {
    type: 'gauge',
    name: 'millrace_redis_memory_max_bytes',
    help: 'Memory that Redis may use: its maxmemory; 0 when there is no limit.',
  },
  memoryLimit: {
    type: 'gauge',
    name: 'millrace_memory_limit_bytes',
    help: 'Memory that this process may use: the limit of its container, or all of the machine.',
  },
  diskFree: {
    type: 'gauge',
    name: 'millrace_disk_free_bytes',
    help: 'Free bytes of the file system that this process has its temporary files on.',
  },
  diskSize: {
    type: 'gauge',
    name: 'millrace_disk_size_bytes',
    help: 'Bytes of that file system.',
  },
} as const satisfies Record<string, Instrument>;
