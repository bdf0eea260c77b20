import { isJsonObject, type JsonObject, MillraceError } from '@millrace/protocol';
import type { InputRequest } from './input-request.ts';

/** Throws `missing_capability`, which names what is missing, when the client did not say that it can be asked this. */
export function requireCapability(request: InputRequest, declared: JsonObject): void {
  const [capability, mode] = requiredBy(request);
  const found = declared[capability];
  if (isJsonObject(found) && (mode === undefined || isDeclared(mode, found))) return;
  throw new MillraceError(
    'missing_capability',
    `The client did not declare the capability ${mode === undefined ? capability : `${capability}.${mode}`}`,
    { members: { requiredCapabilities: { [capability]: mode === undefined ? {} : { [mode]: {} } } } },
  );
}

function requiredBy({ method, params }: InputRequest): [capability: string, mode?: string] {
  switch (method) {
    case 'elicitation/create':
      return ['elicitation', params?.['mode'] === 'url' ? 'url' : 'form'];
    case 'sampling/createMessage':
      return params['tools'] === undefined && params['toolChoice'] === undefined
        ? ['sampling']
        : ['sampling', 'tools'];
    case 'roots/list':
      return ['roots'];
  }
}

/** Elicitation without any mode means forms: there was nothing else before modes existed. */
function isDeclared(mode: string, found: JsonObject): boolean {
  return found[mode] !== undefined || (mode === 'form' && found['url'] === undefined);
}
