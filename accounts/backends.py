"""Signing in. Django's own permissions are not used: accounts.policies decides."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from accounts.choices import UserKind
from accounts.models import User


class PolicyBackend(BaseBackend):
    """Checks a username and password; grants nothing by itself."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """The user, or None. Unknown names take as long as wrong passwords."""
        if username is None or password is None:
            return None
        try:
            user = User.objects.get(username=username)
        except User.DoesNotExist:
            User().set_password(password)
            return None
        usable = user.is_active and user.kind == UserKind.PERSON
        return user if user.check_password(password) and usable else None

    def get_user(self, user_id: Any) -> User | None:
        """The user of a session while they are active."""
        return User.objects.filter(pk=user_id, is_active=True).first()
