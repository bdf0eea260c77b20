import { marking } from './layers.ts';

export default marking('configured');
