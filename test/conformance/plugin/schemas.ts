import { defineTool } from '@millrace/toolkit';
import { z } from 'zod';

const address = z
  .object({ street: z.string().optional(), city: z.string().optional() })
  .meta({ id: 'address', $anchor: 'addressDef' });

/** Tools whose input schema is what matters. */
export const schemaTools = [
  defineTool({
    // The suite calls the first tool of the list with no arguments, and that must go well.
    name: 'accepts_anything',
    description: 'Takes any arguments, or none.',
    input: z.looseObject({}),
    handler: (args) => `Got ${Object.keys(args).length} arguments`,
  }),
  defineTool({
    name: 'json_schema_2020_12_tool',
    description: 'Tool with JSON Schema 2020-12 features',
    input: z
      .strictObject({
        name: z.string().optional(),
        address: address.optional(),
        contactMethod: z.enum(['phone', 'email']).optional(),
        phone: z.string().optional(),
        email: z.string().optional(),
      })
      .meta({
        allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
        if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { required: ['phone'] },
        else: { required: ['email'] },
      }),
    handler: (args) => `Got ${JSON.stringify(args)}`,
  }),
  defineTool({
    name: 'test_header_parameters',
    description: 'Has arguments that travel in HTTP headers too.',
    input: z.object({
      region: z.string().meta({ 'x-mcp-header': 'Region' }),
      priority: z.int().optional().meta({ 'x-mcp-header': 'Priority' }),
      dryRun: z.boolean().optional().meta({ 'x-mcp-header': 'Dry-Run' }),
    }),
    handler: ({ region }) => `Region: ${region}`,
  }),
];
