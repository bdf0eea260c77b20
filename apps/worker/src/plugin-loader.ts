import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError } from '@millrace/service';
import type { Middleware, Plugin } from '@millrace/toolkit';

/**
 * Loads the plugins that a setting names.
 *
 * @param specifiers paths (relative to `directory`) or package names of modules whose default export is a plugin
 * @throws ConfigError that names the module that is missing or exports something else
 */
export async function loadPlugins(specifiers: readonly string[], directory: string): Promise<Plugin[]> {
  return Promise.all(
    specifiers.map(async (specifier) => {
      const loaded = await load('MILLRACE_PLUGINS', specifier, directory);
      return pluginOf(loaded, specifier);
    }),
  );
}

/** What a module exports, as a plugin. @throws ConfigError when it is none */
export function pluginOf(exported: unknown, specifier: string): Plugin {
  if (isPlugin(exported)) return exported;
  throw new ConfigError(
    `MILLRACE_PLUGINS: "${specifier}" — expected a module whose default export is a plugin (definePlugin)`,
  );
}

/** Loads the middleware that a setting names, in its order. */
export async function loadMiddleware(
  specifiers: readonly string[],
  directory: string,
): Promise<Middleware[]> {
  return Promise.all(
    specifiers.map(async (specifier) => {
      const loaded = await load('MILLRACE_MIDDLEWARE', specifier, directory);
      if (typeof loaded === 'function') return loaded as Middleware;
      throw new ConfigError(
        `MILLRACE_MIDDLEWARE: "${specifier}" — expected a module whose default export is a function`,
      );
    }),
  );
}

async function load(variable: string, specifier: string, directory: string): Promise<unknown> {
  const isPath = specifier.startsWith('.') || isAbsolute(specifier);
  const url = isPath ? pathToFileURL(resolve(directory, specifier)).href : specifier;
  try {
    return ((await import(url)) as { default?: unknown }).default;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`${variable}: "${specifier}" — cannot be loaded: ${reason}`, { cause });
  }
}

function isPlugin(value: unknown): value is Plugin {
  return typeof value === 'object' && value !== null && 'name' in value && 'version' in value;
}
