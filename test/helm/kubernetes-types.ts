import { join } from 'node:path';
import ts from 'typescript';
import type { Manifest } from './chart.ts';

/** Where each kind is described: generated from the OpenAPI of Kubernetes 1.3x and the CRDs of the operators. */
const MODULES: Readonly<Record<string, string>> = {
  'apps/v1': 'kubernetes-models/apps/v1',
  'autoscaling/v2': 'kubernetes-models/autoscaling/v2',
  'gateway.networking.k8s.io/v1': '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1',
  'keda.sh/v1alpha1': '@kubernetes-models/keda/keda.sh/v1alpha1',
  'monitoring.coreos.com/v1': '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1',
  'networking.k8s.io/v1': 'kubernetes-models/networking.k8s.io/v1',
  'policy/v1': 'kubernetes-models/policy/v1',
  v1: 'kubernetes-models/v1',
};

const FILE = join(import.meta.dirname, 'manifests.generated.ts');

/**
 * Checks manifests against the types of Kubernetes and of the CRDs: unknown fields, which an API server would drop in
 * silence, and wrong types by the compiler; what types cannot say, such as ranges, by the models' own validators.
 * @returns what is wrong, one line each
 */
export async function faultsOf(manifests: readonly Manifest[]): Promise<string[]> {
  return [...faultsOfTypes(manifests), ...(await faultsOfValues(manifests))];
}

function moduleOf({ apiVersion, kind }: Manifest): string {
  const module = MODULES[apiVersion];
  if (!module) throw new Error(`no types are known for ${apiVersion} ${kind}`);
  return `${module}/${kind}`;
}

/** The manifests as literals of their types, which the compiler refuses to have more fields than they should. */
function faultsOfTypes(manifests: readonly Manifest[]): string[] {
  const lines = manifests.map((manifest, at) => {
    const type = `import('${moduleOf(manifest)}').I${manifest.kind}`;
    return `export const m${at}: ${type} = ${JSON.stringify(manifest)};`;
  });
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    lib: ['lib.es2024.d.ts'],
    target: ts.ScriptTarget.ES2024,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  const host = hostWith(options, lines.join('\n'));
  const program = ts.createProgram([FILE], options, host);
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ');
    const line = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line ?? 0;
    return `${nameOf(manifests[line])}: ${text}`;
  });
}

function hostWith(options: ts.CompilerOptions, text: string): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (path) => path === FILE || fileExists(path);
  host.getSourceFile = (path, version, ...rest) =>
    path === FILE ? ts.createSourceFile(path, text, version) : getSourceFile(path, version, ...rest);
  return host;
}

async function faultsOfValues(manifests: readonly Manifest[]): Promise<string[]> {
  const faults: string[] = [];
  for (const manifest of manifests) {
    const { [manifest.kind]: Model } = await import(moduleOf(manifest));
    try {
      new Model(manifest).validate();
    } catch (error) {
      faults.push(`${nameOf(manifest)}: ${(error as Error).message}`);
    }
  }
  return faults;
}

function nameOf(manifest: Manifest | undefined): string {
  return manifest ? `${manifest.kind} ${manifest.metadata.name}` : 'the manifests';
}
