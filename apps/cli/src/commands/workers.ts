import { EXIT, type Options, parseArguments, type RunCommand } from '../command.ts';

const OPTIONS = {
  json: { type: 'boolean', help: 'print JSON for programs' },
} as const satisfies Options;

export const workers: RunCommand = {
  name: 'workers',
  summary: 'list the live workers of a cluster, and take work from them',
  words: ['drain', 'resume'],
  usage: ['[--json]', 'drain ID', 'resume ID'],
  options: OPTIONS,
  notes: 'REDIS_URL (and MILLRACE_PREFIX) name the cluster. The exit code is 1 when there is no worker.',
  examples: [
    ['workers', 'where they run, for which pools, since when'],
    ['workers drain w-0123456789ab', 'it ends what it has, and takes nothing new'],
  ],
  async run(args, terminal) {
    const parsed = parseArguments(args, OPTIONS);
    if (parsed.positionals.length > 0) {
      const { orderWorker } = await import('../worker-orders.ts');
      return orderWorker(parsed.positionals, terminal);
    }
    const { env, output } = terminal;
    const { clusterConnection, readCatalogue } = await import('../cluster-connection.ts');
    const { workerRows, WORKER_HEAD } = await import('../worker-rows.ts');
    const { tableText } = await import('../table-text.ts');
    const view = await readCatalogue(clusterConnection(env));
    const text = parsed.flag('json')
      ? JSON.stringify(view.workers, undefined, 2)
      : tableText(WORKER_HEAD, workerRows(view.workers, Date.now()), output.columns);
    output.write(`${text}\n`);
    return view.workers.length === 0 ? EXIT.failed : EXIT.ok;
  },
};
