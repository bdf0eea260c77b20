import { setTimeout as sleep } from 'node:timers/promises';
import { Catalogue, DEFAULT_CATALOGUE_TIMES, ScalingReader } from '@millrace/broker';
import { type ClusterConnection, clusterConnection, withinPatience } from './cluster-connection.ts';
import { type Arguments, type Terminal, UsageError } from './command.ts';
import { readExposition, type Sample } from './exposition.ts';
import { breakersOf, type Picture, pictureText, poolsOf, requestsOf } from './live-picture.ts';

const DEFAULT_ADMIN = 'http://127.0.0.1:9090';
const TARGET_WAIT_MS = 1_000;
const TIMEOUT_MS = 2_000;
const CLEAR_SCREEN = '\u001b[H\u001b[2J';

interface Reading {
  readonly at: number;
  readonly samples: readonly Sample[];
}

/** `millrace top`: a picture of the cluster at each interval, until it is interrupted. */
export class LiveView {
  readonly #args: Arguments;
  readonly #terminal: Terminal;
  readonly #connection: ClusterConnection;
  readonly #metricsUrls: readonly URL[];
  readonly #catalogue: Catalogue;
  readonly #scaling: ScalingReader;
  #before: Reading | undefined;

  constructor(args: Arguments, terminal: Terminal) {
    this.#args = args;
    this.#terminal = terminal;
    this.#connection = clusterConnection(terminal.env);
    const { source, keys } = this.#connection;
    const admins = args.texts('admin').length > 0 ? args.texts('admin') : [DEFAULT_ADMIN];
    this.#metricsUrls = admins.map(metricsUrl);
    this.#catalogue = new Catalogue({ source, keys, times: DEFAULT_CATALOGUE_TIMES });
    this.#scaling = new ScalingReader({ source, keys });
  }

  /** Resolves when it was interrupted, or has shown its one picture. */
  async run(): Promise<void> {
    const intervalMs = this.#args.count('interval', 1) * 1_000;
    const { interrupted } = this.#terminal;
    try {
      const started = Promise.all([this.#catalogue.start(), this.#scaling.start()]);
      // It is given up, and stopped, when it takes too long.
      started.catch(() => undefined);
      await withinPatience(started, this.#connection.url);
      // Rates need two readings.
      await this.#picture();
      do {
        await sleep(intervalMs, undefined, { signal: interrupted }).catch(() => undefined);
        if (!interrupted.aborted) this.#show(await this.#picture());
      } while (!interrupted.aborted && !this.#args.flag('once'));
    } finally {
      await Promise.all([this.#catalogue.stop(), this.#scaling.stop()]);
    }
  }

  #show(picture: Picture): void {
    const { output } = this.#terminal;
    if (this.#args.flag('json')) output.write(`${JSON.stringify(picture)}\n`);
    else output.write(`${output.isTTY ? CLEAR_SCREEN : ''}${pictureText(picture)}\n`);
  }

  async #picture(): Promise<Picture> {
    const { tools, resources, resourceTemplates, prompts, workers, slots } = this.#catalogue.view;
    const entries = [tools, resources, resourceTemplates, prompts].flat();
    const pools = [...new Set([...slots.keys(), ...entries.map(({ pool }) => pool)])].sort();
    const [demands, texts] = await Promise.all([
      Promise.all(pools.map((pool) => this.#scaling.read(pool, TARGET_WAIT_MS))),
      Promise.all(this.#metricsUrls.map(fetchText)),
    ]);
    const now = { at: Date.now(), samples: texts.flatMap((text) => readExposition(text ?? '')) };
    const before = this.#before;
    this.#before = now;
    const answered = texts.some((text) => text !== undefined);
    const requests =
      before && answered ? requestsOf(before.samples, now.samples, (now.at - before.at) / 1_000) : undefined;
    return {
      at: now.at,
      pools: poolsOf(demands, workers, slots),
      ...(requests && { requests }),
      breakers: breakersOf(now.samples),
      silent: this.#metricsUrls.filter((_, at) => texts[at] === undefined).map(({ origin }) => origin),
    };
  }
}

function metricsUrl(admin: string): URL {
  const url = URL.parse('/metrics', admin);
  if (url) return url;
  throw new UsageError(`--admin: "${admin}" — expected http://HOST:PORT`);
}

/** @returns undefined when nobody answers: the picture says so */
async function fetchText(url: URL): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return response.ok ? await response.text() : undefined;
  } catch {
    return undefined;
  }
}
