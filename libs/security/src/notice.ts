import { z } from 'zod';
import { type Authorization, authorizationSchema } from './authorization.ts';
import type { AuthMethod } from './settings.ts';

const noticeSchema = z.object({
  methods: z.array(z.enum(['api-key', 'jwt'])),
  authorization: authorizationSchema,
});

/** What agents that use the queues themselves should know beforehand; see `AccessNotice` of the broker. */
export interface Notice {
  readonly methods: readonly AuthMethod[];
  readonly authorization: Authorization;
}

export function writeNotice(notice: Notice): string {
  return JSON.stringify(notice);
}

/** @throws Error when it is not what `writeNotice` made */
export function readNotice(text: string): Notice {
  return noticeSchema.parse(JSON.parse(text));
}
