export { RedisProxy } from '@millrace/toolkit/testing';
