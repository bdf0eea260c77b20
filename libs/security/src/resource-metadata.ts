const WELL_KNOWN = '/.well-known/oauth-protected-resource';

export interface ProtectedResource {
  /** The URL under which clients know the MCP endpoint; tokens must be meant for it. */
  readonly url: string;
  /** Who gives tokens for it; empty when tokens are not taken. */
  readonly issuers: readonly string[];
  readonly scopes: readonly string[];
  readonly name: string;
}

/** What clients are told of where tokens come from (RFC 9728). */
export class ResourceMetadata {
  /** Where it is served, from outside. */
  readonly url: string;
  /** Paths at which it is served: that of the resource, and that of the whole host. */
  readonly paths: readonly string[];
  /** JSON text. */
  readonly body: string;

  constructor({ url, issuers, scopes, name }: ProtectedResource) {
    const resource = new URL(url);
    const path = resource.pathname === '/' ? '' : resource.pathname;
    this.url = `${resource.origin}${WELL_KNOWN}${path}`;
    this.paths = [...new Set([WELL_KNOWN, `${WELL_KNOWN}${path}`, `${WELL_KNOWN}/mcp`])];
    this.body = JSON.stringify({
      resource: url,
      authorization_servers: issuers,
      scopes_supported: scopes,
      bearer_methods_supported: ['header'],
      resource_name: name,
    });
  }
}
