/** A line of a plot; where `y` is missing the line ends. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Axis {
  readonly label: string;
  /** By powers of ten. */
  readonly logarithmic?: boolean;
  readonly least: number;
  readonly most: number;
}

export interface Panel {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly Line[];
}

const WIDTH = 760;
const HEIGHT = 220;
const LEFT = 80;
const RIGHT = 130;
const TOP = 34;
const BOTTOM = 42;
const COLOURS = ['#1f77b4', '#d62728', '#2ca02c', '#9467bd', '#ff7f0e'] as const;

/** Panels below each other, as one SVG. */
export function plot(panels: readonly Panel[]): string {
  const height = HEIGHT * panels.length;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(panels.map(({ title }) => title).join('; '))}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...panels.map((panel, at) => `<g transform="translate(0 ${at * HEIGHT})">\n${draw(panel)}\n</g>`),
    '</svg>\n',
  ].join('\n');
}

function draw({ title, x, y, lines }: Panel): string {
  const across = (value: number) => LEFT + share(x, value) * (WIDTH - LEFT - RIGHT);
  const down = (value: number) => HEIGHT - BOTTOM - share(y, value) * (HEIGHT - TOP - BOTTOM);
  const foot = HEIGHT - BOTTOM;
  const end = WIDTH - RIGHT;
  return [
    `<text x="${LEFT}" y="20" font-weight="bold">${escaped(title)}</text>`,
    ...ticks(x).map((at) => text(across(at), foot + 16, 'middle', short(at))),
    ...ticks(y).flatMap((at) => [
      `<path d="M${LEFT} ${round(down(at))}H${end}" stroke="#ddd"/>`,
      text(LEFT - 6, down(at) + 4, 'end', short(at)),
    ]),
    text((LEFT + end) / 2, HEIGHT - 8, 'middle', x.label),
    `<text transform="translate(16 ${(TOP + foot) / 2}) rotate(-90)" text-anchor="middle">${escaped(y.label)}</text>`,
    ...lines.flatMap((line, at) => drawLine(line, at, across, down)),
  ].join('\n');
}

type Scale = (value: number) => number;

function drawLine({ name, points }: Line, at: number, across: Scale, down: Scale): string[] {
  const colour = COLOURS[at % COLOURS.length];
  const path = points.map(([x, y]) => `${round(across(x))} ${round(down(y))}`).join('L');
  return [
    `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="1.5"/>`,
    `<text x="${WIDTH - RIGHT + 8}" y="${TOP + 12 + at * 16}" fill="${colour}">${escaped(name)}</text>`,
  ];
}

/** Where a value lies on its axis, from 0 to 1; what is outside lies on the edge. */
function share({ logarithmic, least, most }: Axis, value: number): number {
  const on = logarithmic ? (v: number) => Math.log10(Math.max(v, least)) : (v: number) => v;
  return Math.min(1, Math.max(0, (on(value) - on(least)) / (on(most) - on(least))));
}

function ticks({ logarithmic, least, most }: Axis): number[] {
  if (!logarithmic) return [0, 0.25, 0.5, 0.75, 1].map((part) => least + part * (most - least));
  const powers: number[] = [];
  for (let power = Math.ceil(Math.log10(least)); power <= Math.log10(most); power += 1)
    powers.push(10 ** power);
  return powers;
}

function text(x: number, y: number, anchor: string, what: string): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escaped(what)}</text>`;
}

function short(value: number): string {
  return value >= 1e6
    ? `${round(value / 1e6)} M`
    : value >= 1e4
      ? `${round(value / 1e3)} k`
      : String(round(value));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(what: string): string {
  return what.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
