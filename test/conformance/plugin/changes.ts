import { definePrompt, defineTool, type PluginHost, type PluginParts } from '@millrace/toolkit';

/**
 * What a worker serves after so many changes. The name holds the process, so that each worker changes the list of
 * the whole cluster, whatever the others serve.
 */
function changed(tools: number, prompts: number): PluginParts {
  return {
    tools:
      tools === 0
        ? []
        : [
            defineTool({
              name: `test_changing_tool_${process.pid}`,
              description: `This definition changed ${tools} times.`,
              handler: () => 'changed',
            }),
          ],
    prompts:
      prompts === 0
        ? []
        : [
            definePrompt({
              name: `test_changing_prompt_${process.pid}`,
              description: `This definition changed ${prompts} times.`,
              render: () => 'changed',
            }),
          ],
  };
}

/** Tools that change what their worker serves. */
export function changingParts(host: PluginHost): PluginParts {
  let tools = 0;
  let prompts = 0;
  const parts = (): PluginParts => {
    const now = changed(tools, prompts);
    return { ...now, tools: [...triggers, ...(now.tools ?? [])] };
  };
  const triggers = [
    defineTool({
      name: 'test_trigger_tool_change',
      description: 'Changes the list of tools.',
      handler: async () => {
        tools += 1;
        await host.replace(parts());
        return 'The tools changed';
      },
    }),
    defineTool({
      name: 'test_trigger_prompt_change',
      description: 'Changes the list of prompts.',
      handler: async () => {
        prompts += 1;
        await host.replace(parts());
        return 'The prompts changed';
      },
    }),
  ];
  return parts();
}
