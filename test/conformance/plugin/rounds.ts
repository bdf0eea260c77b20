import { defineTool, elicitation, inputRequired, rootsList, sampling } from '@millrace/toolkit';
import { COLOR, NAME, OK } from './forms.ts';

/** Tools that return what they need to know, and are called again with the answers (SEP-2322). */
export const roundTools = [
  defineTool({
    name: 'test_input_required_result_elicitation',
    description: 'Asks the user for a name.',
    handler: async (_, { elicit }) => {
      const { content } = await elicit(
        { message: 'What is your name?', requestedSchema: NAME },
        { key: 'user_name' },
      );
      return `Hello, ${String(content?.['name'])}!`;
    },
  }),
  defineTool({
    name: 'test_input_required_result_sampling',
    description: "Asks the client's model for a capital.",
    handler: async (_, { sample }) => {
      const { content } = await sample(question('What is the capital of France?', 100), {
        key: 'capital_question',
      });
      return `The model said: ${JSON.stringify(content)}`;
    },
  }),
  defineTool({
    name: 'test_input_required_result_list_roots',
    description: 'Asks the client for its roots.',
    handler: async (_, { listRoots }) => {
      const { roots } = await listRoots({ key: 'client_roots' });
      return `The client has these roots: ${roots.map(({ uri }) => uri).join(', ')}`;
    },
  }),
  defineTool({
    name: 'test_input_required_result_request_state',
    description: 'Gives the client a state to bring back.',
    handler: (_, { state, inputResponses }) => {
      if (inputResponses['confirm'] && state<{ asked: boolean }>()?.asked) return 'state-ok';
      return inputRequired({ inputRequests: { confirm: confirmation() }, state: { asked: true } });
    },
  }),
  defineTool({
    name: 'test_input_required_result_multiple_inputs',
    description: 'Asks three questions at once.',
    handler: (_, { inputResponses }) => {
      const inputRequests = {
        user_name: elicitation({ message: 'What is your name?', requestedSchema: NAME }),
        greeting: sampling(question('Generate a greeting', 50)),
        client_roots: rootsList(),
      };
      const missing = Object.keys(inputRequests).filter((key) => !(key in inputResponses));
      if (missing.length === 0) return `All answers are here: ${JSON.stringify(inputResponses)}`;
      return inputRequired({ inputRequests, state: { missing } });
    },
  }),
  defineTool({
    name: 'test_input_required_result_multi_round',
    description: 'Asks two questions, one after the other.',
    handler: async (_, { elicit }) => {
      const name = await elicit(
        { message: 'Step 1: What is your name?', requestedSchema: NAME },
        { key: 'step1' },
      );
      const color = await elicit(
        { message: 'Step 2: What is your favorite color?', requestedSchema: COLOR },
        { key: 'step2' },
      );
      return `${String(name.content?.['name'])} likes ${String(color.content?.['color'])}`;
    },
  }),
  defineTool({
    name: 'test_input_required_result_tampered_state',
    description: 'Gives the client a state that it must not change.',
    handler: (_, { state }) =>
      state() === undefined
        ? inputRequired({ inputRequests: { confirm: confirmation() }, state: { amount: 1 } })
        : 'The state came back as it was',
  }),
  defineTool({
    name: 'test_input_required_result_capabilities',
    description: 'Asks only for what the client can do.',
    handler: (_, { clientCapabilities, inputResponses }) => {
      if (Object.keys(inputResponses).length > 0) return `Answers: ${JSON.stringify(inputResponses)}`;
      return inputRequired({
        inputRequests: {
          ...('sampling' in clientCapabilities && { model: sampling(question('Say hello', 10)) }),
          ...('elicitation' in clientCapabilities && { user: confirmation() }),
          ...('roots' in clientCapabilities && { roots: rootsList() }),
        },
      });
    },
  }),
];

function confirmation() {
  return elicitation({ message: 'Please confirm', requestedSchema: OK });
}

function question(text: string, maxTokens: number) {
  return { messages: [{ role: 'user' as const, content: { type: 'text' as const, text } }], maxTokens };
}
