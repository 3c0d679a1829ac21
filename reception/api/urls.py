from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from reception.api.allocation_views import AllocationViewSet
from reception.api.boards import ProjectionView, SiteBoardView, WaitingView
from reception.api.head_counts import HeadCountViewSet
from reception.api.requirement_views import (
    KeepApartViewSet,
    KinGroupViewSet,
    RequirementViewSet,
)
from reception.api.site_parts import BlockViewSet, UnitViewSet
from reception.api.transports import TransportViewSet
from reception.api.views import PlacementViewSet, SiteViewSet

OF_SITE = r"sites/(?P<site_code>[-A-Za-z0-9_]+)"
router = SimpleRouter()
router.register("sites", SiteViewSet, basename="site")
router.register(
    r"sites/(?P<site>[-A-Za-z0-9_]+)/head-counts", HeadCountViewSet, basename="head-count"
)
router.register(f"{OF_SITE}/units", UnitViewSet, basename="site-unit")
router.register(f"{OF_SITE}/blocks", BlockViewSet, basename="site-block")
router.register("placements", PlacementViewSet, basename="placement")
router.register("allocations", AllocationViewSet, basename="allocation")
router.register("keep-apart", KeepApartViewSet, basename="keep-apart")
router.register("placement-requirements", RequirementViewSet, basename="placement-requirement")
router.register("kin-groups", KinGroupViewSet, basename="kin-group")
router.register("transports", TransportViewSet, basename="transport")

urlpatterns: list[URLPattern | URLResolver] = [
    path("sites/<slug:code>/board/", SiteBoardView.as_view(), name="site-board"),
    path("boards/waiting/", WaitingView.as_view(), name="boards-waiting"),
    path("boards/projection/", ProjectionView.as_view(), name="boards-projection"),
    *router.urls,
]
