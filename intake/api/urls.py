"""Routes of intake."""

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from intake.api import border, duplicates, family, search, tokens, views

router = SimpleRouter()
router.register("households", views.HouseholdViewSet, basename="household")
router.register("persons", views.PersonViewSet, basename="person")
router.register("tracing-requests", family.TracingRequestViewSet, basename="tracing-request")
router.register(
    "possible-duplicates", duplicates.DuplicatePairViewSet, basename="possible-duplicate"
)
router.register("entry-points", views.EntryPointViewSet, basename="entry-point")
router.register("tokens", tokens.TokenViewSet, basename="token")
router.register("token-sheets", tokens.TokenSheetViewSet, basename="token-sheet")
router.register("border-assessments", border.BorderAssessmentViewSet, basename="border-assessment")

urlpatterns: list[URLPattern | URLResolver] = [
    path("persons/search/", search.PersonSearchView.as_view(), name="person-search"),
    *router.urls,
]
