# The notifier as a container image; docs/operations.md has the command to run it.
ARG BUILDER=docker.io/library/swift:6.3-bookworm
ARG RUNTIME=docker.io/library/debian:bookworm-slim

FROM ${BUILDER} AS build
WORKDIR /source
# The packages change seldom: a layer of their own.
RUN apt-get -q update && apt-get -q install -y --no-install-recommends make
COPY Makefile ./
RUN make setup
COPY . .
RUN make release && make install DESTDIR=/image PREFIX=/usr UNITDIR=/usr/lib/systemd/system

FROM ${RUNTIME}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="impact-notifier" \
    org.opencontainers.image.description="Tells the owners of AT Protocol projects about change requests, by Bluesky DM" \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
RUN apt-get -q update \
    && apt-get -q install -y --no-install-recommends \
        ca-certificates libcurl4 libsqlite3-0 libssl3 libstdc++6 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o 65532 -g 65532 -m 700 /var/lib/impact-notifier
COPY --from=build /image/usr/bin /usr/bin
COPY --from=build /image/usr/libexec /usr/libexec
COPY --from=build /image/etc/impact-notifier /etc/impact-notifier
ENV STATE_DIRECTORY=/var/lib/impact-notifier \
    SWIFT_BACKTRACE=enable=yes,swift-backtrace=/usr/libexec/impact-notifier/swift-backtrace-static,interactive=no,color=no,threads=crashed,images=none,registers=none
USER 65532:65532
VOLUME /var/lib/impact-notifier
EXPOSE 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["/usr/bin/impact-notifier", "healthcheck"]
ENTRYPOINT ["/usr/bin/impact-notifier"]
CMD ["run"]
