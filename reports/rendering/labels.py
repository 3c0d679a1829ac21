"""Every fixed word of the situation report, for translation. Values are lazy."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

KEY_FIGURES = {
    "arrivals_total": _("Arrivals since the start"),
    "arrivals_last_24h": _("Arrivals in the last 24 hours"),
    "present": _("Persons present"),
    "households": _("Households"),
    "unplaced": _("Persons without a place"),
    "women_children_elderly": _("Women, children and persons aged 60 or over"),
    "under_18": _("Children under 18"),
    "aged_60_plus": _("Persons aged 60 or over"),
    "female": _("Female"),
    "male": _("Male"),
    "unaccompanied_children": _("Unaccompanied children"),
    "sites_open": _("Sites open"),
    "places_free": _("Places free"),
    "requests_open": _("Requests open"),
    "requests_overdue": _("Requests overdue"),
}
# Shown as a share of the persons present.
SHARES = frozenset({"women_children_elderly", "under_18", "aged_60_plus", "female", "male"})

SECTORS = {
    "protection": _("Protection"),
    "shelter": _("Shelter"),
    "core_relief_items": _("Core relief items"),
    "nfi": _("Core relief items"),
    "wash": _("Water, sanitation and hygiene"),
    "health": _("Health"),
    "mental_health": _("Mental health"),
    "mhpss": _("Mental health"),
    "nutrition": _("Nutrition"),
    "food_security": _("Food security"),
    "food": _("Food security"),
    "education": _("Education"),
    "livelihoods": _("Livelihoods"),
    "logistics": _("Logistics"),
    "energy": _("Energy"),
}

# The terms of the daily balance in the order they are read, with their sign.
FLOW = (
    ("previous_stock", "", _("Present at the previous cut-off")),
    ("arrivals", "+", _("Arrivals")),
    ("births", "+", _("Births")),
    ("transfers_in", "+", _("Transfers in")),
    ("reactivations", "+", _("Reactivations")),
    ("departures", "–", _("Departures")),
    ("deaths", "–", _("Deaths")),
    ("transfers_out", "–", _("Transfers out")),
    ("separated", "–", _("Referred to the authority")),
    ("stock", "=", _("Present at this cut-off")),
)

DATA_QUALITY = {
    "birth_estimated_pct": _("Dates of birth that are estimates"),
    "sex_unknown": _("Persons whose sex is not recorded"),
    "possible_duplicates_open": _("Possible repeated registrations not yet reviewed"),
}

OCCUPANCY = {
    "available": _("Places available"),
    "nearly_full": _("Nearly full"),
    "full": _("Full"),
    "over": _("Over capacity"),
    "withheld": _("Withheld"),
    "unknown": _("Capacity not recorded"),
}

TITLES = {
    "key_figures": _("Key figures"),
    "arrivals_by_day": _("Arrivals by day"),
    "arrivals_by_entry_point": _("Arrivals by entry point"),
    "arrivals_by_day_and_entry_point": _("Arrivals by day and entry point, persons"),
    "border_entry_points": _("Entry points"),
    "border_crossings": _("Seen crossing and registered"),
    "border_assessments": _("Visits to the border"),
    "age_sex": _("Persons present by age and sex"),
    "sites": _("Sites and occupancy"),
    "aid_by_sector": _("Requests by sector"),
    "aid_delivered": _("Aid delivered"),
    "flow": _("Balance of persons since the previous cut-off"),
    "data_quality": _("Quality of the data"),
    "highlights": _("Highlights"),
    "notes": _("Notes"),
    "about": _("About this report"),
}

COLUMNS = {
    "figure": _("Figure"),
    "value": _("Value"),
    "date": _("Date"),
    "persons": _("Persons"),
    "households": _("Households"),
    "entry_point": _("Entry point"),
    "share": _("Share of arrivals"),
    "age": _("Age"),
    "female": _("Female"),
    "male": _("Male"),
    "other": _("Other or not recorded"),
    "total": _("Total"),
    "site": _("Site"),
    "capacity": _("Capacity"),
    "present": _("Present"),
    "reserved": _("Reserved"),
    "free": _("Free"),
    "occupancy": _("Occupancy"),
    "status": _("Status"),
    "sector": _("Sector"),
    "open": pgettext_lazy("requests", "Open"),
    "overdue": pgettext_lazy("requests", "Overdue"),
    "fulfilled": pgettext_lazy("requests", "Fulfilled"),
    "persons_reached": _("Persons reached"),
    "households_reached": _("Households reached"),
    "item": _("Item"),
    "quantity": _("Quantity"),
    "unit": _("Unit"),
    "agency": _("Agency"),
    "sign": _("Sign"),
}

BORDER_COLUMNS = {
    "entry_point": _("Entry point"),
    "status": _("Status"),
    "reason": _("Reason"),
    "since": _("Since"),
    "seen": _("Seen crossing"),
    "registered": _("Registered of these hours"),
    "not_yet_registered": _("Not yet registered"),
    "place": _("Place"),
    "visited": _("Visited on"),
    "organisations": _("Who visited"),
    "found": _("What was found"),
}

ENTRY_POINT_STATES = {
    "open": _("Open"),
    "restricted": _("Restricted"),
    "closed": _("Closed"),
}

PHRASES = {
    "report": _("Situation report"),
    "exercise": _("EXERCISE: these are not real events"),
    "draft": _("DRAFT: not for distribution"),
    "internal": _("Internal edition"),
    "internal_note": _("Internal edition: small figures are shown. Do not pass it on."),
    "public": _("Public edition"),
    "public_note": _("Public edition: small figures are withheld."),
    "withheld": _("Withheld"),
    "downloads": _("This report in other formats"),
    "skip": _("Skip to the figures"),
    "no_rows": _("Nothing recorded in this period."),
    "suppressed": _(
        "fewer than 5, withheld (or withheld so that such a figure cannot be worked out)"
    ),
    "reached": _(
        "Persons reached are persons who received the service at least once; it does not mean "
        "that their needs are met."
    ),
    "occupancy": _(
        "Occupancy is persons present divided by capacity; the status also counts reserved places."
    ),
    "seen": _(
        "Registered of these hours are people who arrived at the entry point while people were "
        "counted there; those not yet registered are the rest of the people seen."
    ),
    "civilian": _("Persons referred to the authority are not included in the figures."),
    "frozen": _(
        "Generated from a snapshot frozen at the cut-off; corrections appear as revisions in a "
        "later report."
    ),
    "unbalanced": _("The terms of the balance do not add up to the stock."),
}

UNITS = {
    "person": pgettext_lazy("unit", "person"),
    "household": pgettext_lazy("unit", "household"),
    "kit": pgettext_lazy("unit", "kit"),
    "piece": pgettext_lazy("unit", "piece"),
    "ration": pgettext_lazy("unit", "ration"),
    "meal": pgettext_lazy("unit", "meal"),
    "kg": pgettext_lazy("unit", "kg"),
    "litre": pgettext_lazy("unit", "litre"),
}

AGE_UNKNOWN = pgettext_lazy("age", "Not recorded")
AGE_RANGE = _("%(low)s–%(high)s")
AGE_FROM = _("%(low)s and over")
MORE_ROWS = _("%(count)s more rows are in the page and the spreadsheet.")
SHARE_OF_PRESENT = _("%(share)s of persons present")
NUMBERED = _("Situation report No. %(number)s")
AS_OF = _("as of %(moment)s %(zone)s")
PREPARED_BY = _("Prepared by %(name)s.")
PERIOD = _("It covers the period from %(start)s to %(end)s.")
NEXT_REPORT = _("The next report will be issued on or around %(moment)s.")
PAGE_OF = _("Page %(page)s of %(pages)s")

CHARTS = {
    "pyramid": _("Population pyramid: persons present by age and sex"),
    "arrivals": _("Arrivals by day, persons"),
    "pyramid_row": _("%(age)s: %(female)s female, %(male)s male"),
    "withheld": _("withheld"),
    "female": _("Female"),
    "male": _("Male"),
}
