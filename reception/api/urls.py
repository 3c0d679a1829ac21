from django.urls import URLPattern, URLResolver
from rest_framework.routers import SimpleRouter

from reception.api.allocation_views import AllocationViewSet
from reception.api.requirement_views import (
    KeepApartViewSet,
    KinGroupViewSet,
    RequirementViewSet,
)
from reception.api.transports import TransportViewSet
from reception.api.views import PlacementViewSet, SiteViewSet

router = SimpleRouter()
router.register("sites", SiteViewSet, basename="site")
router.register("placements", PlacementViewSet, basename="placement")
router.register("allocations", AllocationViewSet, basename="allocation")
router.register("keep-apart", KeepApartViewSet, basename="keep-apart")
router.register("placement-requirements", RequirementViewSet, basename="placement-requirement")
router.register("kin-groups", KinGroupViewSet, basename="kin-group")
router.register("transports", TransportViewSet, basename="transport")

urlpatterns: list[URLPattern | URLResolver] = [*router.urls]
