import { randomBytes } from 'node:crypto';

const BYTES = 9;

/** Random, so that an entry that was deleted and made anew cannot be taken for the old one. */
export function newVersion(): string {
  return randomBytes(BYTES).toString('base64url');
}
