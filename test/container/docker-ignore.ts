interface Rule {
  readonly pattern: RegExp;
  readonly ignores: boolean;
}

/** What a `.dockerignore` keeps out of a build: the last rule that fits a path, or a folder above it, counts. */
export class DockerIgnore {
  readonly #rules: readonly Rule[];

  constructor(text: string) {
    this.#rules = text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => ({ pattern: patternOf(line.replace(/^!/, '')), ignores: !line.startsWith('!') }));
  }

  /** @param path relative to the folder of the file, with `/` */
  ignores(path: string): boolean {
    const parts = path.split('/');
    const prefixes = parts.map((_, at) => parts.slice(0, at + 1).join('/'));
    const rule = this.#rules.findLast(({ pattern }) => prefixes.some((prefix) => pattern.test(prefix)));
    return rule?.ignores ?? false;
  }
}

/** Other than in a shell, a `*` takes names that begin with a dot, too. */
function patternOf(glob: string): RegExp {
  const source = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('**/', '\0')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
    .replaceAll('\0', '(?:.*/)?');
  return new RegExp(`^${source}$`);
}
