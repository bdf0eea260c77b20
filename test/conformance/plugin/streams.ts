import { defineTool } from '@millrace/toolkit';
import { wait } from './wait.ts';

/** Between two notifications, in milliseconds: long enough that they travel apart. */
const STEP_MS = 50;

/** Tools that talk while they run. */
export const streamingTools = [
  defineTool({
    name: 'test_tool_with_logging',
    description: 'Logs three times while it runs.',
    handler: async (_, { log, signal }) => {
      log.info('Tool execution started');
      await wait(STEP_MS, signal);
      log.info('Tool processing data');
      await wait(STEP_MS, signal);
      log.info('Tool execution completed');
      return 'Tool with logging executed successfully';
    },
  }),
  defineTool({
    name: 'test_logging_tool',
    description: 'Logs at every level; only clients that ask for a level hear it.',
    handler: (_, { log }) => {
      for (const write of Object.values(log)) write('a message of test_logging_tool');
      return 'Logged at every level';
    },
  }),
  defineTool({
    name: 'test_tool_with_progress',
    description: 'Tells three times how far it is.',
    handler: async (_, { progress, signal }) => {
      progress(0, 100);
      await wait(STEP_MS, signal);
      progress(50, 100);
      await wait(STEP_MS, signal);
      progress(100, 100);
      return 'Tool with progress executed successfully';
    },
  }),
  defineTool({
    name: 'test_reconnection',
    description: 'Closes its event stream half way: the client comes back for the result.',
    handler: async (_, { closeStream, signal }) => {
      closeStream();
      await wait(2 * STEP_MS, signal);
      return 'Reconnection test completed successfully';
    },
  }),
];
