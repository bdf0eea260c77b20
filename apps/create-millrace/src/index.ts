export { type CreateOptions, createPackage } from './create-package.ts';
