from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from aid.api.views import AgencyServicesView, AidRequestViewSet

router = SimpleRouter()
router.register("aid-requests", AidRequestViewSet, basename="aid-request")

urlpatterns: list[URLPattern | URLResolver] = [
    path("agencies/me/services/", AgencyServicesView.as_view(), name="agency-services"),
    *router.urls,
]
