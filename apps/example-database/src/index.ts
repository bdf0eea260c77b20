export { exampleDatabase, exampleDatabase as default } from './plugin.ts';
