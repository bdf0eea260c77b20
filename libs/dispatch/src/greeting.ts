import {
  type JsonObject,
  MODERN_REVISION,
  MODERN_REVISIONS,
  NEWEST_SESSION_REVISION,
  type Revision,
  SESSION_REVISIONS,
  type ServerInfo,
  stampResult,
} from '@millrace/protocol';
import { TASKS_CAPABILITY } from './tasks-extension.ts';

const CAPABILITIES = {
  tools: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  prompts: { listChanged: true },
  completions: {},
  logging: {},
};

export interface GreetingOptions {
  readonly serverInfo: ServerInfo;
  readonly instructions: string | undefined;
}

/** What a client is told first: who serves, by which revisions, and what it can ask for. */
export class Greeting {
  readonly #options: GreetingOptions;
  /** The answer is the same for everybody. */
  readonly #discover: string;

  constructor(options: GreetingOptions) {
    this.#options = options;
    const result = {
      supportedVersions: MODERN_REVISIONS,
      capabilities: { ...CAPABILITIES, ...TASKS_CAPABILITY },
      ...this.#instructions(),
    };
    this.#discover = JSON.stringify(
      stampResult(result, 'server/discover', MODERN_REVISION, options.serverInfo),
    );
  }

  /** JSON text of the result of `server/discover`. */
  discover(): string {
    return this.#discover;
  }

  /** JSON text of the result of `initialize`: the asked revision where we serve it, else our newest of that era. */
  initialize(params: JsonObject): string {
    return JSON.stringify({
      protocolVersion: negotiate(params),
      capabilities: CAPABILITIES,
      serverInfo: this.#options.serverInfo,
      ...this.#instructions(),
    });
  }

  #instructions(): { instructions?: string } {
    const { instructions } = this.#options;
    return instructions === undefined ? {} : { instructions };
  }
}

/** The revision that an `initialize` request gets. */
export function negotiate(params: JsonObject): Revision {
  const asked = params['protocolVersion'] as Revision;
  return SESSION_REVISIONS.includes(asked) ? asked : NEWEST_SESSION_REVISION;
}
