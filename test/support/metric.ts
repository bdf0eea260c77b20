import type { Cluster } from './cluster.ts';

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

/** The sum of a figure over all workers that run. */
export async function metricOfWorkers(
  cluster: Cluster,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const figures = cluster.workers
    .filter(({ running }) => running)
    .map(async (worker) => {
      const { admin } = await worker.listening();
      return metricOf(`http://127.0.0.1:${admin.port}`, name, labels);
    });
  return (await Promise.all(figures)).reduce((sum, figure) => sum + figure, 0);
}

/** The sum of a figure over all front doors. */
export async function metricOfFrontDoors(
  cluster: Cluster,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const figures = await Promise.all(cluster.adminUrls.map((url) => metricOf(url, name, labels)));
  return figures.reduce((sum, figure) => sum + figure, 0);
}
