/**
 * Whether a name fits a pattern, in which `*` stands for any text, also for none.
 *
 * It takes time in proportion to the two lengths at worst: patterns are the operator's, but names are anybody's.
 */
export function matches(pattern: string, name: string): boolean {
  let at = 0;
  let inPattern = 0;
  let star = -1;
  let resumeAt = 0;
  while (at < name.length) {
    if (pattern[inPattern] === '*') {
      star = inPattern;
      resumeAt = at;
      inPattern += 1;
    } else if (pattern[inPattern] === name[at]) {
      at += 1;
      inPattern += 1;
    } else if (star >= 0) {
      // The last star takes one character more.
      resumeAt += 1;
      at = resumeAt;
      inPattern = star + 1;
    } else return false;
  }
  while (pattern[inPattern] === '*') inPattern += 1;
  return inPattern === pattern.length;
}

/** Whether some URI may fit both: what comes before the first variable part of each must agree. */
export function mayOverlap(pattern: string, uriTemplate: string): boolean {
  const [fixed = ''] = pattern.split('*', 1);
  const [literal = ''] = uriTemplate.split('{', 1);
  return fixed.startsWith(literal) || literal.startsWith(fixed);
}

const DOT_SEGMENT = /(^|[/\\])\.{1,2}([/\\?#]|$)/;

/** How often a URI may be encoded over again before it counts as hostile. */
const DECODINGS = 3;

/**
 * Whether a URI climbs with `..`, also where that is encoded: it may then lead out of what its pattern means. One that
 * cannot be decoded counts as well.
 */
export function climbs(uri: string): boolean {
  let text = uri;
  for (let round = 0; round < DECODINGS; round += 1) {
    if (DOT_SEGMENT.test(text)) return true;
    if (!text.includes('%')) return false;
    try {
      text = decodeURIComponent(text);
    } catch {
      // Not an encoded URI: what a resource makes of it cannot be known.
      return true;
    }
  }
  return text.includes('%');
}
