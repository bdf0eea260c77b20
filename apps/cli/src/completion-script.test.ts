import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { COMMANDS } from './commands.ts';
import { completionScript, isShell } from './completion-script.ts';

/** What bash offers after these words. */
function offered(...words: string[]): string[] {
  const line = words.map((word) => `'${word}'`).join(' ');
  const script = `${completionScript('bash', COMMANDS)}
COMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _millrace; echo "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split(' ');
}

test('bash completes commands, their options and first words', () => {
  expect(offered('millrace', 'to')).toEqual(['tools', 'top']);
  expect(offered('millrace', 'call', '--a')).toEqual(['--arg', '--args']);
  expect(offered('millrace', 'keys', 'r')).toEqual(['revoke', 'rotate']);
  expect(offered('millrace', 'nothing', '')).toEqual(['']);
});

test('the other shells have all commands and options too', () => {
  expect(completionScript('zsh', COMMANDS)).toMatch(/^#compdef millrace\n/);
  const fish = completionScript('fish', COMMANDS);
  for (const { name, options = {} } of COMMANDS) {
    expect(fish).toContain(`-a ${name} -d '`);
    for (const option of Object.keys(options)) expect(fish).toContain(`${name}' -l ${option}`);
  }
});

test('only known shells are', () => {
  expect(['bash', 'sh', undefined].map(isShell)).toEqual([true, false, false]);
});
