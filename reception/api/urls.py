from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from reception.api.boards import ProjectionView, SiteBoardView, WaitingView
from reception.api.transports import TransportViewSet
from reception.api.views import PlacementViewSet, SiteViewSet

router = SimpleRouter()
router.register("sites", SiteViewSet, basename="site")
router.register("placements", PlacementViewSet, basename="placement")
router.register("transports", TransportViewSet, basename="transport")

urlpatterns: list[URLPattern | URLResolver] = [
    path("sites/<slug:code>/board/", SiteBoardView.as_view(), name="site-board"),
    path("boards/waiting/", WaitingView.as_view(), name="boards-waiting"),
    path("boards/projection/", ProjectionView.as_view(), name="boards-projection"),
    *router.urls,
]
