"""Wiring: settings, URLs, Celery, WSGI and the bundled servers; no rule of the domain."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
