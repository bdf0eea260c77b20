export { FakeClock } from './fake-clock.ts';
export { type LogLine, LogLines } from './log-lines.ts';
export type { McpAnswer, McpParams } from './mcp-post.ts';
export { type LoggedCall, MockMcpClient, type MockResponse } from './mock-mcp-client.ts';
export { RedisProxy } from './redis-proxy.ts';
export {
  type TestCallOptions,
  TestClient,
  type TestClientOptions,
  type TestToolResult,
  testClient,
} from './test-client.ts';
export { TestCluster, type TestClusterOptions, testCluster } from './test-cluster.ts';
export { type TestEnv, type TestExit, TestProcess } from './test-process.ts';
export type { AnswerClient, SentNotification } from './test-sink.ts';
