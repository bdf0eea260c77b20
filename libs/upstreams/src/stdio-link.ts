import type { PluginLog } from '@millrace/toolkit';
import { environmentOf } from './environment.ts';
import type { Link } from './link.ts';
import type { OrphanGuard } from './orphan-guard.ts';
import { OutputLog } from './output-log.ts';
import { ProcessGroup } from './process-group.ts';
import type { UpstreamSettings } from './settings.ts';
import { StdioTransport } from './stdio-transport.ts';
import type { Env } from './variables.ts';

/** Starts one process of an upstream. Rejects when there is no such program. */
export async function openStdioLink(
  settings: UpstreamSettings & { readonly command: string },
  worker: { readonly env: Env; readonly log: PluginLog; readonly guard: OrphanGuard },
): Promise<Link> {
  const { name, command, args, cwd, stopGraceMs } = settings;
  const env = environmentOf(settings, worker.env);
  const group: ProcessGroup = await ProcessGroup.start({
    command,
    args,
    env,
    stopGraceMs,
    guard: worker.guard,
    onKill: () =>
      worker.log.warn(
        { upstream: name, pid: group.pid, stopGraceMs, lastWords: lastWords() },
        'a process of an upstream did not end when it was asked to and is killed',
      ),
    ...(cwd !== undefined && { cwd }),
  });
  const said = outputOf('stderr', group, settings, worker);
  const rubbish = outputOf('stdout', group, settings, worker);
  const lastWords = () => [...rubbish.tail.map((line) => `stdout: ${line}`), ...said.tail];
  group.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
  const ended = group.ended.finally(() => {
    said.end();
    rubbish.end();
    worker.log.debug({ upstream: name, pid: group.pid }, 'a process of an upstream has ended');
  });
  worker.log.debug({ upstream: name, pid: group.pid }, 'a process of an upstream was started');
  return {
    transport: new StdioTransport(group, rubbish),
    pid: group.pid,
    closed: group.exited,
    ended,
    get lastWords() {
      return lastWords();
    },
    stop: () => group.stop(),
  };
}

function outputOf(
  stream: 'stderr' | 'stdout',
  { pid }: ProcessGroup,
  { name, env, envFrom, stderrPerSecond }: UpstreamSettings,
  worker: { readonly env: Env; readonly log: PluginLog },
): OutputLog {
  return new OutputLog({
    log: worker.log,
    fields: { upstream: name, pid, stream },
    linesPerSecond: stderrPerSecond,
    secrets: [...Object.values(env), ...envFrom.map((variable) => worker.env[variable] ?? '')],
  });
}
