from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The founding case with invented people, for demonstrations and exercises."""

    name = "demo"
