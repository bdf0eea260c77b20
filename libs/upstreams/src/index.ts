export { type ImportedServers, importServers } from './imported-servers.ts';
export { readUpstreams } from './read-upstreams.ts';
export type { UpstreamInput, UpstreamSettings } from './settings.ts';
export { createUpstreamPlugins } from './upstream-plugins.ts';
