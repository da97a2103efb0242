# syntax=docker/dockerfile:1.7
#
# One image with the three services and `everycent`; the simulator of the vendors and two emulators are targets of their
# own, for a demo and for tests.
#
#   docker build --target everycent --tag everycent .
#
# BASE IMAGES: these ARG lines are the one place where they are named. `infra/pin-images` writes the digest of each behind
# its tag (`image:tag@sha256:…`), and again when a tag is raised; commit what it writes. A tag alone can be moved.
#
# The services answer HTTP on this machine only unless EVERYCENT_LISTEN, or EVERYCENT_LISTEN_HOST beside PORT, names another
# address: who asks from outside of the container sets EVERYCENT_LISTEN_HOST=0.0.0.0.

ARG RUST=rust:1.95.0-trixie
# glibc, libgcc and certificates of authorities, and no shell: what a Rust program with SQLite compiled in links to. The
# same Debian as the compiler's, so that glibc is the one that was linked against.
ARG RUNTIME=gcr.io/distroless/cc-debian13:nonroot
# The same with busybox in /busybox, for health checks of a program that has none of its own.
ARG RUNTIME_WITH_TOOLS=gcr.io/distroless/cc-debian13:debug-nonroot
ARG JAVA=eclipse-temurin:21.0.5_11-jdk
ARG PYTHON=python:3.13-slim-trixie
ARG PUBSUB=gcr.io/google.com/cloudsdktool/google-cloud-cli:528.0.0-emulators

FROM ${RUST} AS source
WORKDIR /src
ENV CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0
COPY . .

# The registry and what was compiled stay on the builder, so that a change of a line compiles one crate.
FROM source AS programs
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/target,id=programs,sharing=locked \
    cargo build --locked --release --target-dir /target --features google,otlp \
        --package everycent-fetcher --package everycent-normalizer --package everycent-loader --package everycent && \
    install -D -t /out /target/release/fetcher /target/release/normalizer /target/release/loader \
        /target/release/everycent

FROM source AS simulator
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/target,id=simulator,sharing=locked \
    cargo build --locked --release --target-dir /target --package vendor-sim && \
    install -D -t /out /target/release/vendor-sim

# Google's emulator, from the image that has it.
FROM ${PUBSUB} AS pubsub-emulator-itself

FROM ${JAVA} AS pubsub-shim
COPY --from=pubsub-emulator-itself /google-cloud-sdk/platform/pubsub-emulator/lib /lib/pubsub
COPY tests/emulators/shim/io /src/io
RUN javac --release 11 -cp "/lib/pubsub/*" -d /shim /src/io/grpc/InternalStatus.java

FROM ${PUBSUB} AS pubsub-emulator
COPY --from=pubsub-shim /shim /shim
USER 1000:1000
EXPOSE 8085
# The class that the emulator lacks comes before its own.
ENTRYPOINT ["java", "-Xmx1g", "-cp", "/shim:/google-cloud-sdk/platform/pubsub-emulator/lib/*", \
            "com.google.cloud.pubsub.testing.v1.Main"]
CMD ["--host=0.0.0.0", "--port=8085"]

# local-bigquery at the versions of tests/emulators/install.sh. Its own image lacks the codec of our row files, and would
# download DuckDB's extensions when it starts.
FROM ${PYTHON} AS bigquery-emulator
RUN pip install --no-cache-dir local-bigquery==0.3.2 duckdb==1.5.5 cramjam==2.14.0 duckdb-extensions==1.5.5 \
        duckdb-extension-icu==1.5.5 duckdb-extension-spatial==1.5.5 duckdb-extension-ducklake==1.5.5 \
        duckdb-extension-httpfs==1.5.5 && \
    install -d -o 1000 -g 1000 /data /emulator
USER 1000:1000
# DuckDB's extensions lie in the home.
ENV HOME=/emulator
RUN python -c 'from duckdb_extensions import import_extension as i; [i(e) for e in ("icu", "spatial", "ducklake", "httpfs")]'
COPY tests/emulators/shim/python /shim
ENV PYTHONPATH=/shim PYTHONDONTWRITEBYTECODE=1
EXPOSE 9050 9060
ENTRYPOINT ["local-bigquery", "serve", "--host", "0.0.0.0", "--port", "9050", "--grpc-port", "9060", "--data-dir", "/data"]

FROM ${RUNTIME_WITH_TOOLS} AS vendor-sim
COPY --from=simulator /out/vendor-sim /usr/local/bin/vendor-sim
USER 65532:65532
EXPOSE 8080
# It ends by an interrupt only.
STOPSIGNAL SIGINT
ENTRYPOINT ["/usr/local/bin/vendor-sim", "--host", "0.0.0.0", "--port", "8080"]
CMD ["--world", "company"]

# Last, so that it is what a build without `--target` makes.
FROM ${RUNTIME} AS everycent
COPY --from=programs /out/ /usr/local/bin/
# The only folder that the programs write to; what is kept lies at the addresses of the configuration.
ENV EVERYCENT_HOME=/tmp/everycent
USER 65532:65532
WORKDIR /tmp
CMD ["/usr/local/bin/everycent", "--help"]
