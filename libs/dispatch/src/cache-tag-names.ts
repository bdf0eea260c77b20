import { tagOfResource } from '@millrace/broker';
import { isJsonObject, type JsonObject } from '@millrace/protocol';
import type { Route } from './router.ts';

const ARGUMENT = /\{(\w+)\}/g;

const NONE: readonly string[] = [];

/** The tags of a call's result: those of its tool with the arguments filled in, or of its resource with its URI. */
export function tagNames({ policies, target, isTool }: Route, params: JsonObject): readonly string[] {
  const tags = policies?.cache?.tags ?? NONE;
  if (!isTool) return [tagOfResource(target), ...tags];
  return tags.some((tag) => tag.includes('{')) ? tags.map((tag) => fill(tag, params['arguments'])) : tags;
}

function fill(tag: string, args: unknown): string {
  return tag.replace(ARGUMENT, (_, name: string) => {
    const value = isJsonObject(args) && Object.hasOwn(args, name) ? args[name] : '';
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  });
}
