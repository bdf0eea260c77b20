/** `npm run -s sbom`: prints a CycloneDX bill of materials of what production uses. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { type Bill, forProduction } from './bill.ts';

// The lock knows the packages of every platform; a folder has those of one.
const printed = execFileSync('npm', ['sbom', '--package-lock-only', '--sbom-format=cyclonedx'], {
  cwd: join(import.meta.dirname, '../..'),
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
});
console.log(JSON.stringify(forProduction(JSON.parse(printed) as Bill), null, 2));
