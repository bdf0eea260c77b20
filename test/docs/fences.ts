/** A code block of a document, or a mark between two. */
export interface Fence {
  /** Such as `sh`; `stop` for a mark. */
  readonly language: string;
  /** The rest of its first line, word by word. */
  readonly words: readonly string[];
  /** Values of words such as `file=x` and `until="x y"`. */
  readonly values: Readonly<Record<string, string>>;
  readonly text: string;
  /** Of its first line. */
  readonly line: number;
}

const FENCE = /^```(\w+)?([^\n]*)\n([\s\S]*?)^```$|^<!-- (stop) -->$/gm;
const VALUE = /(\w+)=(?:"([^"]*)"|(\S+))/g;

/** All code blocks of a document, in their order. */
export function fencesOf(document: string): Fence[] {
  return [...document.matchAll(FENCE)].map((match) => {
    const [, language = '', info = '', text = '', mark] = match;
    const values = [...info.matchAll(VALUE)].map(([, name = '', quoted, plain]) => [
      name,
      quoted ?? plain ?? '',
    ]);
    return {
      language: mark ?? language,
      words: info.replaceAll(VALUE, '').split(/\s+/).filter(Boolean),
      values: Object.fromEntries(values),
      text,
      line: document.slice(0, match.index).split('\n').length,
    };
  });
}
