import { definePlugin, defineTool } from '@millrace/toolkit';

/** A tool that cannot be served: nobody hears of the progress of a run that is many callers'. */
const torn = defineTool({
  name: 'torn',
  batch: {},
  streaming: true,
  handler: (items) => items.map(() => ''),
});

export default definePlugin({ name: 'torn', version: '1.0.0', tools: [torn] });
