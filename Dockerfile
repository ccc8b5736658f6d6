# SPDX-License-Identifier: GPL-3.0-or-later
#
# sidelock as an image of one static program:
#
#   docker build -t sidelock .
#   docker run -p 8443:8443 -v ./sidelock.ini:/etc/sidelock/sidelock.ini:ro \
#       -v ./tls:/etc/sidelock/tls:ro sidelock
#
# or without a file, by environment variables (SIDELOCK_SECTION_KEY):
#
#   docker run -p 8443:8443 -v ./tls:/etc/sidelock/tls:ro \
#       -v /run/app:/run/app \
#       -e SIDELOCK_SERVICE_LISTEN=0.0.0.0:8443 \
#       -e SIDELOCK_SERVICE_BACKEND=unix:/run/app/app.sock \
#       -e SIDELOCK_CERTIFICATE_CERT=/etc/sidelock/tls/tls.crt \
#       -e SIDELOCK_CERTIFICATE_KEY=/etc/sidelock/tls/tls.key sidelock
#
# BASE is any Debian 12; scripts/test-image.sh makes one with debootstrap.
ARG BASE=debian:12-slim

# The slow and steady part: compilers and wolfSSL. Its layers stay valid until
# the recipes change.
FROM ${BASE} AS tools
WORKDIR /src
COPY scripts/lib.sh scripts/setup.sh scripts/
COPY cmake/ cmake/
RUN scripts/setup.sh --build-only && cmake/build-wolfssl.sh

FROM tools AS build
COPY . .
RUN cmake --preset release -DSIDELOCK_TESTS=OFF \
    && cmake --build build/release \
    && mkdir -p /image/etc/sidelock \
    && cp build/release/sidelock /image/ \
    && printf '; %s\n' \
        'Mount your own sidelock.ini over this one, or set any key by an' \
        'environment variable: SIDELOCK_SECTION_KEY=value.' \
        > /image/etc/sidelock/sidelock.ini

FROM scratch
COPY --from=build /image/ /
USER 65532:65532
EXPOSE 8443
ENTRYPOINT ["/sidelock"]
CMD ["-c", "/etc/sidelock/sidelock.ini"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s \
    CMD ["/sidelock", "health", "-c", "/etc/sidelock/sidelock.ini"]
