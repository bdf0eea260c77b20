export { type FrontDoorConfig, loadFrontDoorConfig } from './config.ts';
export { createFrontDoor, type FrontDoor, type FrontDoorParts } from './front-door.ts';
