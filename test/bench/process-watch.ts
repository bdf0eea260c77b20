import { readFileSync } from 'node:fs';

const SAMPLE_MS = 200;
/** Linux counts processor time in hundredths of a second for user space, on all its platforms. */
const TICKS_PER_SECOND = 100;

/** Memory and processor time of one process under load, read from /proc. */
export class ProcessWatch {
  readonly #pid: number;
  #peakMb = 0;
  #busySeconds = 0;
  #watchedSeconds = 0;

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** Largest resident set seen, in MB. */
  get peakMb(): number {
    return this.#peakMb;
  }

  /** Processor seconds taken per second watched. */
  get cpu(): number {
    return this.#busySeconds / this.#watchedSeconds;
  }

  /** Watches the process as long as the work goes on. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    const busyBefore = cpuSeconds(this.#pid);
    const timer = setInterval(() => this.#sample(), SAMPLE_MS);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      this.#sample();
      this.#busySeconds += cpuSeconds(this.#pid) - busyBefore;
      this.#watchedSeconds += (performance.now() - begun) / 1000;
    }
  }

  #sample(): void {
    this.#peakMb = Math.max(this.#peakMb, residentMb(this.#pid));
  }
}

/** Resident set of a process, in MB. */
export function residentMb(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readProc(pid, 'status'))?.[1] ?? 0;
  return Number(kilobytes) / 1024;
}

function cpuSeconds(pid: number): number {
  const stat = readProc(pid, 'stat');
  // The second field is the program's name in brackets, which may hold blanks itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // The process has ended; whoever talks to it will say so.
    return '';
  }
}
