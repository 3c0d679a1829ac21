"""Routes of intake."""

from django.urls import URLPattern, URLResolver
from rest_framework.routers import SimpleRouter

from intake.api import family, views

router = SimpleRouter()
router.register("households", views.HouseholdViewSet, basename="household")
router.register("persons", views.PersonViewSet, basename="person")
router.register("tracing-requests", family.TracingRequestViewSet, basename="tracing-request")
router.register("entry-points", views.EntryPointViewSet, basename="entry-point")

urlpatterns: list[URLPattern | URLResolver] = router.urls
