# syntax=docker/dockerfile:1
# Targets: front-door, worker (the last one, so also the default) and cli. docs/container.md tells how to add your own tools.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

# The manifests alone: as long as they are the same, the installation below comes from the cache.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /app
COPY . .
RUN find apps libs -type f ! -name package.json -delete

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY --from=manifests /app .
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE} AS base
ENV NODE_ENV=production \
    NODE_COMPILE_CACHE=/app/.compile-cache \
    MALLOC_ARENA_MAX=1 \
    MALLOC_MMAP_THRESHOLD_=98304 \
    MILLRACE_HTTP_HOST=0.0.0.0 \
    MILLRACE_ADMIN_HOST=0.0.0.0
WORKDIR /app
COPY --from=dependencies /app .
COPY . .
# Compiled modules are kept by user; nothing else below /app is writable, and the root may be read-only.
RUN mkdir -p tools .compile-cache && chown 1000:1000 .compile-cache
USER 1000:1000
# What was compiled is found again under the same flags only.
RUN node --no-allocation-site-pretenuring --min-semi-space-size=8 --max-semi-space-size=8 --heap-growing-percent=25 --no-maglev --invocation-count-for-turbofan=400 --input-type=module -e "await Promise.all(['apps/front-door', 'apps/worker', 'libs/upstreams'].map((part) => import(process.cwd() + '/' + part + '/src/index.ts')))"
STOPSIGNAL SIGTERM

FROM base AS cli
ENTRYPOINT ["node", "apps/cli/src/main.ts"]
CMD ["help"]

FROM base AS front-door
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.MILLRACE_ADMIN_PORT || 9090) + '/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--no-allocation-site-pretenuring", "--min-semi-space-size=8", "--max-semi-space-size=8", "--heap-growing-percent=25", "--no-maglev", "--invocation-count-for-turbofan=400", "apps/front-door/src/main.ts"]

FROM base AS worker
EXPOSE 9091
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.MILLRACE_ADMIN_PORT || 9091) + '/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--no-allocation-site-pretenuring", "--min-semi-space-size=8", "--max-semi-space-size=8", "--heap-growing-percent=25", "--no-maglev", "--invocation-count-for-turbofan=400", "apps/worker/src/main.ts"]
