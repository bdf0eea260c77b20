export { loadWorkerConfig, type WorkerConfig } from './config.ts';
export { loadMiddleware, loadPlugins } from './plugin-loader.ts';
export { createWorker, type Worker, type WorkerParts } from './worker.ts';
