/** Words of the language, and functions: what stands before a bracket is one of these too. */
const KEYWORDS = new Set([
  'and',
  'or',
  'unless',
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'offset',
  'bool',
]);

/** The names of metrics in a query: what is left when labels, strings, ranges, functions and keywords are gone. */
export function namesIn(query: string): readonly string[] {
  const bare = query
    .replace(/"[^"]*"|'[^']*'/g, '')
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ');
  const words = [...bare.matchAll(/[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])/g)].map(([word]) => word);
  return words.filter((word) => !KEYWORDS.has(word) && !/^(e|inf|nan)$/i.test(word));
}
