"""The staff site: the admin, themed, with pages in the order of the work."""

from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite


class PanahAdminSite(UnfoldAdminSite):
    """Staff enter here; what they see depends on their roles (accounts.policies)."""

    index_title = _("Overview")
