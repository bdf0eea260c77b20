import { definePlugin } from '@millrace/toolkit';
import { changingParts } from './changes.ts';
import { contentTools } from './content.ts';
import { prompts } from './prompts.ts';
import { askingTools } from './questions.ts';
import { resources, resourceTemplates } from './resources.ts';
import { roundTools } from './rounds.ts';
import { schemaTools } from './schemas.ts';
import { streamingTools } from './streams.ts';
import { taskTools } from './tasks.ts';

/** Everything that the official conformance suite calls, reads and gets. */
export default definePlugin({
  name: 'conformance',
  version: '1.0.0',
  tools: [...contentTools, ...streamingTools, ...askingTools, ...roundTools, ...taskTools, ...schemaTools],
  resources,
  resourceTemplates,
  prompts,
  setup: changingParts,
});
