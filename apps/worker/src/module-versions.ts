import { registerHooks } from 'node:module';

/** Names the version of a module in its URL: for the loader of modules that makes it another module. */
const VERSION = 'millrace-version';

/**
 * Loads modules anew, with all that they import from their own folder or below it. What comes from elsewhere, such as
 * packages, stays as it is. Old versions stay in memory, which is why this is for development.
 */
export class ModuleVersions {
  readonly #hooks: { deregister(): void };
  readonly #roots: readonly string[];
  #version = 0;

  /** @param roots folders whose modules have versions, as `file:` URLs that end with a slash */
  constructor(roots: readonly string[]) {
    this.#roots = roots;
    this.#hooks = registerHooks({
      resolve: (specifier, context, next) => {
        const resolved = next(specifier, context);
        const version = context.parentURL && versionOf(context.parentURL);
        return version && this.#isOwn(resolved.url)
          ? { ...resolved, url: withVersion(resolved.url, version) }
          : resolved;
      },
    });
  }

  /** Loads a module as its files are now. Rejects with what is wrong with them. */
  load(url: string): Promise<{ readonly default?: unknown }> {
    this.#version += 1;
    return import(withVersion(url, String(this.#version))) as Promise<{ readonly default?: unknown }>;
  }

  close(): void {
    this.#hooks.deregister();
  }

  #isOwn(url: string): boolean {
    return !url.includes('/node_modules/') && this.#roots.some((root) => url.startsWith(root));
  }
}

function versionOf(url: string): string | undefined {
  return URL.parse(url)?.searchParams.get(VERSION) ?? undefined;
}

function withVersion(url: string, version: string): string {
  const versioned = new URL(url);
  versioned.searchParams.set(VERSION, version);
  return versioned.href;
}
