from django.urls import URLPattern, URLResolver
from rest_framework.routers import SimpleRouter

from reception.api.head_counts import HeadCountViewSet
from reception.api.transports import TransportViewSet
from reception.api.views import PlacementViewSet, SiteViewSet

router = SimpleRouter()
router.register("sites", SiteViewSet, basename="site")
router.register(
    r"sites/(?P<site>[-A-Za-z0-9_]+)/head-counts", HeadCountViewSet, basename="head-count"
)
router.register("placements", PlacementViewSet, basename="placement")
router.register("transports", TransportViewSet, basename="transport")

urlpatterns: list[URLPattern | URLResolver] = [*router.urls]
