# The notifier as a container image: Debian with the package that "make deb" builds. docs/operations.md has the command
# to run it; config/container has a compose file and a quadlet.
ARG BUILDER=docker.io/library/swift:6.3.1-bookworm
ARG RUNTIME=docker.io/library/debian:12.12-slim

FROM ${BUILDER} AS build
WORKDIR /source
# The packages change seldom: a layer of their own.
RUN apt-get -q update && apt-get -q install -y --no-install-recommends make
COPY Makefile ./
RUN make setup-deb
COPY . .
RUN make deb

# What is installed below. Replaced by a folder with a package that exists, nothing is compiled:
# docker build --build-context package=FOLDER .
FROM scratch AS package
COPY --from=build /source/.build/*.deb /

# Podman takes the layer of a RUN from its cache whatever is mounted; a file that changes with the package prevents it.
FROM ${RUNTIME} AS checked
WORKDIR /package
COPY --from=package /impact-notifier_*.deb ./
RUN sha256sum impact-notifier_*.deb > /package.sha256

FROM ${RUNTIME}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="impact-notifier" \
    org.opencontainers.image.description="Tells the owners of AT Protocol projects about change requests, by Bluesky DM" \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
# The user has a number that whoever mounts files can know; the package finds it made. Slim images leave out what is in
# /usr/share/doc, where messages of the program send their readers. The standalone tools spare the image systemd itself.
COPY --from=checked /package.sha256 /
RUN --mount=type=bind,from=checked,source=/package,target=/package \
    cd /package && sha256sum --check /package.sha256 && rm /package.sha256 \
    && groupadd --gid 65532 impact-notifier \
    && useradd --uid 65532 --gid 65532 --home-dir /var/lib/impact-notifier --no-create-home \
        --shell /usr/sbin/nologin impact-notifier \
    && echo 'path-include=/usr/share/doc/impact-notifier/*' > /etc/dpkg/dpkg.cfg.d/impact-notifier \
    && apt-get -q update \
    && apt-get -q install -y --no-install-recommends systemd-standalone-sysusers systemd-standalone-tmpfiles \
        /package/impact-notifier_*.deb \
    && rm -rf /var/lib/apt/lists/*
ENV SWIFT_BACKTRACE=enable=yes,swift-backtrace=/usr/libexec/impact-notifier/swift-backtrace-static,interactive=no,color=no,threads=crashed,images=none,registers=none
USER 65532:65532
VOLUME /var/lib/impact-notifier
EXPOSE 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["/usr/bin/impact-notifier", "healthcheck"]
ENTRYPOINT ["/usr/bin/impact-notifier"]
CMD ["run"]
