# One image, run as web, worker and scheduler:
#   docker build -t panah .
#   docker run --env-file panah.env panah migrate
#   docker run --env-file panah.env -p 8000:8000 panah            (web)
#   docker run --env-file panah.env panah worker
#   docker run --env-file panah.env panah scheduler               (exactly one)
# PostgreSQL and Redis (or Valkey) are outside: DATABASE_URL, REDIS_URL. docs/settings.md lists
# every variable.

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /app
COPY requirements/base.txt requirements/base.txt
# The same pinned and hashed requirements as everywhere; every one of them has a wheel.
RUN pip install --require-hashes --only-binary :all: -r requirements/base.txt
COPY . .
# Both commands read the settings of production, which ask for every value: these serve this one
# step and are not kept in the image.
RUN PANAH_ENV=production \
    PANAH_SECRET_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(50))') \
    PANAH_ENCRYPTION_KEYS=k1:$(python -c 'import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())') \
    PANAH_LOOKUP_KEY=$(python -c 'import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())') \
    PANAH_BASE_URL=https://build.invalid PANAH_ALLOWED_HOSTS=build.invalid \
    DATABASE_URL=postgres://build.invalid/panah REDIS_URL=redis://build.invalid \
    EMAIL_URL=consolemail:// \
    sh -c 'python manage.py compile_locale && python manage.py collectstatic --no-input'

FROM python:3.11-slim-bookworm
RUN groupadd --system --gid 10001 panah \
    && useradd --system --uid 10001 --gid panah --no-create-home --home-dir /app panah
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0 PORT=8000
WORKDIR /app
# Owned by root: the running process cannot change its own code.
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
USER panah
EXPOSE 8000
# For web, the page that says that the process answers; worker and scheduler have no port, and
# their own process being there is their health.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "docker/healthcheck.py"]
ENTRYPOINT ["docker/entrypoint"]
CMD ["web"]
