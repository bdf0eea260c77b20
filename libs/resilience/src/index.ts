export { withDeadline } from './deadline.ts';
export { Slots } from './slots.ts';
