import { z } from 'zod';

/** Rounds of percent-decoding that a path may need; one that needs more hides something. */
const MAX_DECODINGS = 3;

/** A drive or a scheme, such as `C:` or `file:`. */
const SCHEME = /^[a-z][a-z\d+.-]*:/i;

/** Dots alone, also those that some file systems cut off: `..`, `...`, `.. `. */
const CLIMBS = /^\.\.[. ]*$/;

// biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the point
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * Whether text is a path below some folder, and stays there: not absolute, without `..` in any spelling, and without
 * control characters.
 */
export function isPathBelow(text: string): boolean {
  const plain = decoded(text);
  if (plain === undefined || plain === '' || CONTROL.test(plain)) return false;
  if (/^[/\\~]/.test(plain) || SCHEME.test(plain)) return false;
  return !plain.split(/[/\\]/).some((segment) => CLIMBS.test(segment));
}

/** @returns the text as whoever opens it may read it; undefined when that cannot be told */
function decoded(text: string): string | undefined {
  // Wide forms of dots and slashes become the usual ones.
  let plain = text.normalize('NFKC');
  try {
    for (let round = 0; round < MAX_DECODINGS; round += 1) {
      const next = decodeURIComponent(plain).normalize('NFKC');
      if (next === plain) return plain;
      plain = next;
    }
  } catch {
    // A percent sign that encodes nothing: as it stands it is part of a name, unless an overlong form hides behind it.
    return /%[\da-f]{2}/i.test(plain) ? undefined : plain;
  }
  return undefined;
}

/**
 * A parameter that is a path below some folder of the tool: whatever could lead out of that is refused. Clients see
 * `"format": "path"` in the schema.
 */
export function pathParam() {
  return z
    .string()
    .refine(isPathBelow, 'expected a relative path without ".."')
    .meta({ format: PATH_FORMAT });
}

/** Name of the format in JSON Schema, by which schemas that are not made by `pathParam` say the same. */
export const PATH_FORMAT = 'path';
