import { definePlugin } from '@millrace/toolkit';
import { greet } from './greet.ts';

export default definePlugin({ name: 'my-tools', version: '1.0.0', tools: [greet] });
