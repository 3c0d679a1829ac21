"""Settings, all from environment variables; docs/settings.md explains each one.

PANAH_ENV is `production` unless said otherwise: what is missing then stops the start.
"""

import os
from pathlib import Path
from typing import Any

import environ
import pghistory
from celery.schedules import crontab
from django.conf import locale
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import environment
from config.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
ENV = environment.one_of(os.environ, "PANAH_ENV", environment.ENVIRONMENTS, "production")
PRODUCTION = ENV == "production"

# Secrets -----------------------------------------------------------------------------------
SECRET_KEY = environment.required(
    os.environ, "PANAH_SECRET_KEY", "a long random text that signs sessions"
)
if PRODUCTION and len(SECRET_KEY) < 40:
    raise ImproperlyConfigured("PANAH_SECRET_KEY must have at least 40 characters.")
ENCRYPTION_KEYS = environment.key_ring(
    environment.required(
        os.environ, "PANAH_ENCRYPTION_KEYS", "the keys that seal names, contacts and notes"
    ),
    "PANAH_ENCRYPTION_KEYS",
)
# One key, or several by name while keys are made anew with the first of them (ADR 14).
LOOKUP_KEYS = environment.lookup_ring(
    environment.required(os.environ, "PANAH_LOOKUP_KEY", "the key of the lookup hashes"),
    "PANAH_LOOKUP_KEY",
)

# Where it runs -----------------------------------------------------------------------------
DEBUG = environment.yes_or_no(os.environ, "PANAH_DEBUG", default=False)
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("PANAH_DEBUG must be off in production: its pages show data.")
ALLOWED_HOSTS = [
    host
    for host in os.environ.get(
        "PANAH_ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,[::1],testserver"
    ).split(",")
    if host
]
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("PANAH_ALLOWED_HOSTS is not set: name the hosts it answers to.")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("PANAH_TRUSTED_ORIGINS", "").split(",") if o]
BASE_URL = (
    environment.required(os.environ, "PANAH_BASE_URL", "the address people open, for links")
    if PRODUCTION
    else os.environ.get("PANAH_BASE_URL", "http://127.0.0.1:8000")
).rstrip("/")
if PRODUCTION and not BASE_URL.startswith("https://"):
    raise ImproperlyConfigured("PANAH_BASE_URL must start with https:// in production.")
SECURE_COOKIES = PRODUCTION
SESSION_COOKIE_SECURE = SECURE_COOKIES
CSRF_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_AGE = 60 * 60 * 10
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_HSTS_SECONDS = 31536000 if PRODUCTION else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Databases ---------------------------------------------------------------------------------
DATABASES: dict[str, Any] = {
    "default": {
        **environ.Env.db_url_config(
            environment.required(os.environ, "DATABASE_URL", "the PostgreSQL to use")
        ),
        "ATOMIC_REQUESTS": False,
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 60,
    }
}
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database.")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Row history (audit.history): the context beside each version, so that a change of many rows
# writes no shared row; keys of the past are no longer looked up, except that of the row itself.
PGHISTORY_CONTEXT_FIELD = pghistory.ContextJSONField()
PGHISTORY_FOREIGN_KEY_FIELD = pghistory.ForeignKey(db_index=False)
PGHISTORY_OBJ_FIELD = pghistory.ObjForeignKey(related_name="+", db_index=True)
REDIS_URL = environment.required(os.environ, "REDIS_URL", "the Redis or Valkey to use")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "panah",
    }
    if ENV != "test"
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# Applications ------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "config.apps.PanahAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "oauth2_provider",
    "django_celery_beat",
    "django_prometheus",
    "pgtrigger",
    "pghistory",
    "common",
    "accounts",
    "audit",
    "intake",
    "reception",
    "aid",
    "notifications",
    "reports",
    "demo",
]
MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.UserLanguageMiddleware",
    "accounts.middleware.OperationZoneMiddleware",
    "audit.middleware.HistoryContextMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "common.middleware.NoStoreMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "common.context.exercise_clock",
            ]
        },
    }
]
STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("PANAH_STATIC_ROOT", BASE_DIR / "staticfiles"))
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# People ------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.PolicyBackend"]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if ENV == "test"
    else [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Languages ---------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
# Dari is `fa-af` so that gettext falls back to Persian where Dari has no words of its own.
locale.LANG_INFO["fa-af"] = {
    "bidi": True,
    "code": "fa-af",
    "name": "Dari",
    "name_local": "دری",
}
LANGUAGES = [("en", _("English")), ("fa-af", _("Dari")), ("tg", _("Tajik")), ("ru", _("Russian"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
# An exercise may run on another day: whole days added to the clock of the operation only.
CLOCK_SHIFT_DAYS = environment.whole_number(os.environ, "PANAH_CLOCK_SHIFT_DAYS", 0)
# A pair that was asked about in the field is in the queue again after so many days.
FIELD_QUESTION_DAYS = environment.whole_number(os.environ, "PANAH_FIELD_QUESTION_DAYS", 3)
# A site from which nothing was heard for so many hours is shown as not reporting: a site calls its
# roll once a day.
SITE_SILENT_HOURS = environment.whole_number(os.environ, "PANAH_SITE_SILENT_HOURS", 24)
# Nights that people may stay at a border point or transit centre (UNHCR Handbook for Emergencies:
# 2 to 5 days); who stays longer overstays.
TRANSIT_DAYS = environment.whole_number(os.environ, "PANAH_TRANSIT_DAYS", 5)

# Maps need no tiles: outlines come with the program. An address like
# https://tiles.example.org/{z}/{x}/{y}.png adds them; browsers then ask that server.
MAP_TILES = environment.tile_address(os.environ, "PANAH_MAP_TILES")
MAP_ATTRIBUTION = os.environ.get("PANAH_MAP_ATTRIBUTION", "")

# REST --------------------------------------------------------------------------------------
OAUTH2_PROVIDER_APPLICATION_MODEL = "accounts.ApiClient"
OAUTH2_PROVIDER = {
    "SCOPES_BACKEND_CLASS": "accounts.oauth.PolicyScopes",
    "ACCESS_TOKEN_EXPIRE_SECONDS": 60 * 60,
    "ALLOWED_GRANT_TYPES": ["client-credentials"],
    "OAUTH2_SERVER_CLASS": "oauthlib.oauth2.BackendApplicationServer",
    "PKCE_REQUIRED": True,
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.ClientAuthentication",
        "accounts.authentication.StaffSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.HasPolicy"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.api.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "common.api.pagination.NewestFirst",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["common.api.throttling.PerClientThrottle"],
    "DEFAULT_THROTTLE_RATES": {"client": os.environ.get("PANAH_RATE_PER_CLIENT", "6000/min")},
    "EXCEPTION_HANDLER": "common.api.problems.problem_handler",
    "PAGE_SIZE": 50,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "COERCE_DECIMAL_TO_STRING": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Panah",
    "DESCRIPTION": "Refugee intake: register arrivals, place them safely, ask agencies for aid.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["accounts.permissions.OpenToAll"],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "OAUTH2_FLOWS": ["clientCredentials"],
    "OAUTH2_TOKEN_URL": "/oauth/token/",
    "ENUM_NAME_OVERRIDES": {
        "AidRequestStatusEnum": "aid.choices.RequestStatus",
        "LevelEnum": "aid.choices.Level",
        "ReportStatusEnum": "reports.choices.ReportStatus",
        "HouseholdStatusEnum": "intake.choices.HouseholdStatus",
        "EntryPointKindEnum": "intake.choices.EntryPointKind",
        "EntryPointStatusEnum": "intake.choices.EntryPointStatus",
        "RegistrationLevelEnum": "intake.choices.RegistrationLevel",
        "ExitReasonEnum": "intake.choices.ExitReason",
        "NeedStatusEnum": "intake.choices.NeedStatus",
        "DifficultyEnum": "intake.choices.Difficulty",
        "MoveReasonEnum": "intake.choices.MoveReason",
        "RelationshipEnum": "intake.choices.Relationship",
        "QuestionCodeEnum": "intake.choices.QuestionCode",
        "QuestionAnswerEnum": "intake.choices.QuestionAnswer",
        "FieldAnswerEnum": "intake.choices.FieldAnswer",
        "FieldStatusEnum": "intake.choices.FieldStatus",
        "PairStatusEnum": "intake.choices.PairStatus",
        "KinEnum": "intake.choices.KIN",
        "TracingStatusEnum": "intake.choices.TracingStatus",
        "SiteStatusEnum": "reception.choices.SiteStatus",
        "PlacementStatusEnum": "reception.choices.PlacementStatus",
        "PlacementBeginningEnum": "reception.choices.MAY_BEGIN_AS",
        "UnitKindEnum": "reception.choices.UnitKind",
        "UnitSectionEnum": "reception.choices.UnitSection",
        "BlockReasonEnum": "reception.choices.BlockReason",
        "BlockStateEnum": "reception.choices.BlockState",
        "AbsenceReasonEnum": "reception.choices.AbsenceReason",
        "TransportStatusEnum": "reception.choices.TransportStatus",
        "VehicleKindEnum": "reception.choices.VehicleKind",
        "LineStateEnum": "reception.choices.LineState",
        "StayStateEnum": "reception.choices.StayState",
        "StayedBehindReasonEnum": "reception.choices.StayedBehindReason",
        "MissingReasonEnum": "reception.choices.MissingReason",
        "AllocationScopeEnum": "reception.choices.AllocationScope",
        "AllocationStatusEnum": "reception.choices.AllocationStatus",
        "AllocationLineStateEnum": "reception.choices.ProposedState",
        "AllocationConfirmAsEnum": "reception.choices.MAY_CONFIRM_AS",
        "RequirementKindEnum": "reception.choices.RequirementKind",
        "HeadCountKindEnum": "reception.choices.HeadCountKind",
        "HeadCountHowEnum": "reception.choices.HeadCountHow",
        "DifferenceKindEnum": "reception.choices.DifferenceKind",
        "DifferenceStateEnum": "reception.choices.DifferenceState",
        "ResolutionEnum": "reception.choices.Resolution",
        "CountMethodEnum": "intake.choices.CountMethod",
    },
    "SORT_OPERATIONS": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "common.api.schema.describe_errors",
    ],
}

# Background work ---------------------------------------------------------------------------
# Celery has a spelling of its own for a Redis behind a unix socket.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace(
    "?db=", "?virtual_host=", 1
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_ALWAYS_EAGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
# The rows are what matters: every task here only finds work that the database says is due.
CELERY_BEAT_SCHEDULE = {
    "dispatch-events": {"task": "audit.tasks.dispatch_waiting_events", "schedule": 30},
    "deliver-notifications": {
        "task": "notifications.tasks.deliver_due_notifications",
        "schedule": 15,
    },
    "mail-notifications": {"task": "notifications.tasks.mail_due_notifications", "schedule": 15},
    "make-situation-report": {"task": "reports.tasks.make_due_reports", "schedule": crontab()},
    "mail-situation-reports": {"task": "reports.tasks.mail_waiting_reports", "schedule": 60},
    "search-for-relatives": {"task": "intake.tasks.search_for_relatives", "schedule": 60},
    "rebuild-keys": {"task": "intake.tasks.rebuild_keys", "schedule": 60},
    "count-common-names": {"task": "intake.tasks.count_common_names", "schedule": 300},
    "check-for-duplicates": {"task": "intake.tasks.check_for_duplicates", "schedule": 300},
    "forget-replies": {"task": "audit.tasks.forget_replies", "schedule": 3600},
    "forget-drafts": {"task": "intake.tasks.forget_drafts", "schedule": 3600},
    "expire-reservations": {"task": "reception.tasks.expire_reservations", "schedule": 60},
    "apply-norms": {"task": "reception.tasks.apply_norms", "schedule": crontab(minute=10)},
    "keep-blocks-in-time": {"task": "reception.tasks.keep_blocks_in_time", "schedule": 60},
}

# Mail --------------------------------------------------------------------------------------
EMAIL_CONFIG = environ.Env.email_url_config(
    environment.required(os.environ, "EMAIL_URL", "the mail server, e.g. smtp+tls://user:pw@host")
    if PRODUCTION
    else os.environ.get("EMAIL_URL", f"filemail:///{BASE_DIR / 'var' / 'mail'}")
)
globals().update(EMAIL_CONFIG)
if ENV == "test":
    EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("PANAH_FROM_EMAIL", "Panah <panah@localhost>")
# Webhooks may go to private addresses only where someone said so (a demo, a test).
WEBHOOKS_ALLOW_PRIVATE = environment.yes_or_no(
    os.environ, "PANAH_WEBHOOKS_ALLOW_PRIVATE", default=not PRODUCTION
)

METRICS_TOKEN = os.environ.get("PANAH_METRICS_TOKEN", "")

LOGGING = logging_config(level=os.environ.get("PANAH_LOG_LEVEL", "INFO"), production=PRODUCTION)
from config.admin_theme import UNFOLD as UNFOLD  # noqa: E402
