const ALLOWED = /^[A-Za-z0-9_\-./]+$/;
const LONGEST = 128;

/** Refuses a tool or prompt name that the specification does not allow, with the reason. */
export function checkName(kind: 'tool' | 'prompt', name: string): void {
  const reason = whyRefused(name);
  if (reason !== undefined) throw new Error(`The ${kind} name "${name}" is not allowed: ${reason}`);
}

function whyRefused(name: string): string | undefined {
  if (name.length === 0) return 'it is empty';
  if (name.length > LONGEST) return `it has ${name.length} characters, ${LONGEST} are the most`;
  if (!ALLOWED.test(name)) return 'only A–Z, a–z, 0–9 and the characters _ - . / may stand in it';
  return undefined;
}
