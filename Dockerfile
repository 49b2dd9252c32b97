# Two images from one file: `docker build --target api .` and `docker build --target worker .`
ARG NODE_IMAGE=node:24-slim

# What npm needs to know, and nothing that changes more often than the dependencies. A workspace whose package.json is
# not there is not installed.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/contracts/package.json packages/contracts/
COPY packages/job-store/package.json packages/job-store/
COPY packages/service/package.json packages/service/

FROM manifests AS api-dependencies
COPY apps/api/package.json apps/api/
RUN npm ci --omit=dev --ignore-scripts --workspace @millrace/api && rm -rf /root/.npm

# The default configuration names MCP servers that are dependencies of the root.
FROM manifests AS worker-dependencies
COPY packages/host-core/package.json packages/host-core/
COPY apps/worker/package.json apps/worker/
RUN npm ci --omit=dev --ignore-scripts --workspace @millrace/worker --include-workspace-root && rm -rf /root/.npm

FROM ${NODE_IMAGE} AS api
ENV NODE_ENV=production NODE_COMPILE_CACHE=/tmp/compile-cache HOST=0.0.0.0 PORT=8000
WORKDIR /app
COPY --from=api-dependencies /app ./
COPY config config
COPY packages/contracts packages/contracts
COPY packages/service packages/service
COPY packages/job-store packages/job-store
COPY apps/api apps/api
# Where files of the clone are for their owner alone, `node` could not read these.
RUN chmod -R a+rX .npmrc package*.json apps config packages
USER node
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "apps/api/src/main.ts"]

FROM ${NODE_IMAGE} AS worker
ENV NODE_ENV=production NODE_COMPILE_CACHE=/tmp/compile-cache PATH=/app/node_modules/.bin:$PATH
WORKDIR /app
COPY --from=worker-dependencies /app ./
# What the default MCP servers write to.
RUN mkdir .millrace && chown node:node .millrace
COPY --chown=node:node data data
COPY config config
COPY packages/contracts packages/contracts
COPY packages/service packages/service
COPY packages/job-store packages/job-store
COPY packages/host-core packages/host-core
COPY apps/worker apps/worker
RUN chmod -R a+rX .npmrc package*.json apps config packages
USER node
# The default configuration names its files by the working directory.
ENV PWD=/app
HEALTHCHECK --interval=60s --timeout=20s --start-period=30s --retries=3 \
  CMD ["node", "apps/worker/src/healthcheck.ts"]
CMD ["node", "apps/worker/src/main.ts"]
