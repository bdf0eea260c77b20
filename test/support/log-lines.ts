export { type LogLine, LogLines } from '@millrace/toolkit/testing';
