from django.urls import URLPattern, URLResolver
from rest_framework.routers import SimpleRouter

from reception.api.head_counts import HeadCountViewSet
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
router.register("transports", TransportViewSet, basename="transport")

urlpatterns: list[URLPattern | URLResolver] = [*router.urls]
