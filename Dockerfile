# The page and the service in a container.
#
#   docker build -t photochrom .
#   docker run --rm -p 127.0.0.1:8765:8765 -v photochrom-data:/data photochrom
#
# Only this machine reaches it so; before a port is opened to others, set a token:
#   docker run --rm -p 8765:8765 -v photochrom-data:/data -e PHOTOCHROM_TOKEN=... photochrom

FROM python:3.12.11-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/photochrom
ENV PATH="/opt/photochrom/bin:$PATH"
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY recipes recipes
COPY examples/photos examples/photos
COPY src src
RUN pip install --no-cache-dir --constraint constraints.txt ".[web]"

FROM python:3.12.11-slim-bookworm
ENV PATH="/opt/photochrom/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    XDG_DATA_HOME=/data
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin photochrom \
    && install --directory --owner photochrom --group photochrom --mode 700 /data
COPY --from=build /opt/photochrom /opt/photochrom
USER photochrom
WORKDIR /data
VOLUME /data
EXPOSE 8765
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8765/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["photochrom"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8765", "--data", "/data/service"]
