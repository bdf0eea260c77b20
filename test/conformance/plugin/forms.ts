import type { FormElicitation } from '@millrace/toolkit';
import { z } from 'zod';

type Form = FormElicitation['requestedSchema'];

/** A form whose fields cover every primitive type, each with a default (SEP-1034). */
export const PRIMITIVES_WITH_DEFAULTS: Form = {
  type: 'object',
  properties: {
    name: { type: 'string', description: 'User name', default: 'John Doe' },
    age: { type: 'integer', description: 'User age', default: 30 },
    score: { type: 'number', description: 'User score', default: 95.5 },
    status: {
      type: 'string',
      description: 'User status',
      enum: ['active', 'inactive', 'pending'],
      default: 'active',
    },
    verified: { type: 'boolean', description: 'Verification status', default: true },
  },
  required: [],
};

const OPTIONS = ['option1', 'option2', 'option3'];

function titled(kind: string) {
  const ordinals = ['First', 'Second', 'Third'];
  return ordinals.map((ordinal, at) => ({ const: `value${at + 1}`, title: `${ordinal} ${kind}` }));
}

/** A form whose fields cover every form of an enumeration, the deprecated one too (SEP-1330). */
export const ENUMS: Form = {
  type: 'object',
  properties: {
    untitledSingle: { type: 'string', description: 'Select one option', enum: OPTIONS },
    titledSingle: { type: 'string', description: 'Select one option with titles', oneOf: titled('Option') },
    legacyEnum: {
      type: 'string',
      description: 'Select one option (legacy)',
      enum: ['opt1', 'opt2', 'opt3'],
      enumNames: ['Option One', 'Option Two', 'Option Three'],
    },
    untitledMulti: {
      type: 'array',
      description: 'Select several options',
      minItems: 1,
      maxItems: 3,
      items: { type: 'string', enum: OPTIONS },
    },
    titledMulti: {
      type: 'array',
      description: 'Select several options with titles',
      minItems: 1,
      maxItems: 3,
      items: { anyOf: titled('Choice') },
    },
  },
  required: [],
};

/** Forms of one required field. */
export const NAME = z.object({ name: z.string() });
export const COLOR = z.object({ color: z.string() });
export const CONTEXT = z.object({ context: z.string() });
export const OK = z.object({ ok: z.boolean() });
export const CONFIRM = z.object({ confirm: z.boolean() });
