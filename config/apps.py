"""The admin site as an application, so that every model registers with our own site."""

from django.contrib.admin.apps import AdminConfig


class PanahAdminConfig(AdminConfig):
    """Django's admin with our site as its default."""

    default_site = "config.admin_site.PanahAdminSite"
