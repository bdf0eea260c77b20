export { loadUpConfig, type UpConfig } from './config.ts';
export { createUp, type UpOptions } from './up.ts';
