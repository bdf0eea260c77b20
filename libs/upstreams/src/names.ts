import type { ToolSettings, UpstreamSettings } from './settings.ts';

/** What the tools and prompts of an upstream are called here, which of them are served, and how. */
export class Names {
  readonly #settings: Pick<UpstreamSettings, 'prefix' | 'rename' | 'include' | 'exclude' | 'tools'>;
  readonly #include: readonly RegExp[] | undefined;
  readonly #exclude: readonly RegExp[];
  readonly #tools: readonly (readonly [RegExp, ToolSettings])[];

  constructor(settings: Pick<UpstreamSettings, 'prefix' | 'rename' | 'include' | 'exclude' | 'tools'>) {
    this.#settings = settings;
    this.#include = settings.include?.map(toExpression);
    this.#exclude = settings.exclude.map(toExpression);
    this.#tools = Object.entries(settings.tools).map(([pattern, tool]) => [toExpression(pattern), tool]);
  }

  /** @param theirs name of a tool or prompt as the upstream gives it */
  ours(theirs: string): string {
    const { prefix, rename } = this.#settings;
    return Object.hasOwn(rename, theirs) ? (rename[theirs] as string) : prefix + theirs;
  }

  /** @param tool name as the upstream gives it */
  serves(tool: string): boolean {
    const included = this.#include === undefined || matches(this.#include, tool);
    return included && !matches(this.#exclude, tool);
  }

  /** What all patterns say of a tool; what stands further down wins. */
  settingsOf(tool: string): ToolSettings {
    const found = this.#tools.filter(([expression]) => expression.test(tool)).map(([, settings]) => settings);
    return Object.assign({}, ...found);
  }
}

function matches(expressions: readonly RegExp[], name: string): boolean {
  return expressions.some((expression) => expression.test(name));
}

function toExpression(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
