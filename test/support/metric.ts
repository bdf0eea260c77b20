/** The figure of one time series as a process exposes it; 0 when it has none yet. */
export async function metricOf(
  adminUrl: string | undefined,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const line = text
    .split('\n')
    .find(
      (one) =>
        one.startsWith(name) &&
        /^[{ ]/.test(one.slice(name.length)) &&
        wanted.every((label) => one.includes(label)),
    );
  return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(' ')));
}
