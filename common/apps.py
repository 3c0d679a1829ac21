from django.apps import AppConfig


class CommonConfig(AppConfig):
    """What every app shares and no table of its own."""

    name = "common"
