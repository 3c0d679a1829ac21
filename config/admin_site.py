"""The staff site: the admin, themed, with pages in the order of the work."""

from unfold.sites import UnfoldAdminSite


class PanahAdminSite(UnfoldAdminSite):
    """Staff enter here; what they see depends on their roles (accounts.policies)."""

    enable_nav_sidebar = False
