import { type Copy, DockerfileParser, type Instruction, type JSONInstruction } from 'dockerfile-ast';

/** One instruction, with what a builder needs of it. */
export interface Step {
  readonly keyword: string;
  /** Everything behind the keyword and its flags. */
  readonly text: string;
  readonly flags: ReadonlyMap<string, string>;
  /** The words of the JSON form; absent for the shell form. */
  readonly words?: readonly string[];
}

export interface Stage {
  readonly name: string;
  /** Name of an earlier stage, or of an image. */
  readonly base: string;
  readonly steps: readonly Step[];
}

/** Reads a Dockerfile; values of `ARG` before the first stage are filled in. */
export function parseDockerfile(text: string): Stage[] {
  const instructions = DockerfileParser.parse(text).getInstructions().map(stepOf);
  const first = instructions.findIndex(({ keyword }) => keyword === 'FROM');
  const args = new Map(
    instructions.slice(0, first).map(({ text }) => [text.split('=')[0] ?? '', text.replace(/^[^=]*=/, '')]),
  );
  const stages: { name: string; base: string; steps: Step[] }[] = [];
  for (const step of instructions.slice(first)) {
    if (step.keyword === 'FROM') stages.push(stageOf(step, args));
    else stages.at(-1)?.steps.push(step);
  }
  return stages;
}

/** The steps of a stage and of those that it is based on, in the order in which they count. */
export function stepsOf(stages: readonly Stage[], name: string): Step[] {
  const stage = stages.find((one) => one.name === name);
  return stage ? [...stepsOf(stages, stage.base), ...stage.steps] : [];
}

/** The last step of this kind; later ones replace earlier ones, as with `USER` or `ENTRYPOINT`. */
export function lastOf(steps: readonly Step[], keyword: string): Step | undefined {
  return steps.findLast((step) => step.keyword === keyword);
}

/** All that `ENV` sets. */
export function environmentOf(steps: readonly Step[]): Record<string, string> {
  const pairs = steps
    .filter(({ keyword }) => keyword === 'ENV')
    .flatMap(({ text }) =>
      [...text.matchAll(/([A-Z_]+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]),
    );
  return Object.fromEntries(pairs);
}

function stageOf(
  { text }: Step,
  args: ReadonlyMap<string, string>,
): { name: string; base: string; steps: Step[] } {
  const [base = '', name = ''] = text.split(/\s+AS\s+/i);
  return { name, base: base.replace(/^\$\{(\w+)\}$/, (whole, arg) => args.get(arg) ?? whole), steps: [] };
}

function stepOf(instruction: Instruction): Step {
  const keyword = instruction.getKeyword();
  const { flags, words } = partsOf(instruction as Copy);
  const text = (instruction.getArgumentsContent() ?? '').replaceAll(/\\\n\s*/g, ' ');
  return { keyword, text, flags, ...(words.length > 0 && { words }) };
}

function partsOf(instruction: Partial<JSONInstruction>): { flags: Map<string, string>; words: string[] } {
  const flags = instruction.getFlags?.() ?? [];
  return {
    flags: new Map(flags.map((flag) => [flag.getName(), flag.getValue() ?? ''])),
    words: (instruction.getJSONStrings?.() ?? []).map((word) => JSON.parse(word.getValue()) as string),
  };
}
