/** A CycloneDX document, as far as it matters here: what else it says stays as it is. */
export interface Bill {
  readonly bomFormat: string;
  readonly components: readonly Component[];
  readonly dependencies: readonly Dependency[];
}

interface Component {
  readonly 'bom-ref': string;
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

interface Dependency {
  readonly ref: string;
  readonly dependsOn?: readonly string[];
}

/**
 * The bill without what development alone needs. `npm sbom --omit=dev` cannot be taken for that: it leaves out what production
 * needs as well when a test of ours does, too, such as the MCP SDK.
 */
export function forProduction<B extends Bill>(bill: B): B {
  const components = bill.components.filter((one) => !isForDevelopment(one));
  const development = new Set(bill.components.filter(isForDevelopment).map((one) => one['bom-ref']));
  const known = (ref: string) => !development.has(ref);
  const dependencies = bill.dependencies
    .filter(({ ref }) => known(ref))
    .map((one) => (one.dependsOn ? { ...one, dependsOn: one.dependsOn.filter(known) } : one));
  return { ...bill, components, dependencies };
}

function isForDevelopment({ properties = [] }: Component): boolean {
  return properties.some(({ name, value }) => name === 'cdx:npm:package:development' && value === 'true');
}
