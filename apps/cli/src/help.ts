export const HELP = `Usage: millrace <command>

Commands:
  up     start a front door and a worker, and Redis unless REDIS_URL names one
  stdio  serve the whole cluster on standard input and output, as a local MCP server:
          --url http://HOST:8080/mcp or ws://HOST:8080/ws   through a front door
          --redis redis://HOST:6379 [--prefix millrace]     straight onto the queues
  help   show this

Settings of "up", as environment variables or in the JSON file that MILLRACE_CONFIG names:
  REDIS_URL                   the Redis to use; without it a private one is started
  MILLRACE_HTTP_PORT          port of the MCP endpoint (8080)
  MILLRACE_ADMIN_PORT         admin port of the front door (9090)
  MILLRACE_WORKER_ADMIN_PORT  admin port of the worker (9091)
  MILLRACE_PLUGINS            modules of tools, comma-separated (the example database)
All other settings of the front door and the worker are passed on to them.
`;
