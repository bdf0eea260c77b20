import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHART } from './chart.ts';
import { chartReadme } from './chart-readme.ts';

writeFileSync(join(CHART, 'README.md'), chartReadme(CHART));
