"""What a rule may ask about a customer: one registry of fields, each with its type, its source and its sensitivity.

The fields here are those of every site. A site adds the fields that its own Customer form has (`store/registry.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from . import operators

PROFILE, SCORE, CUSTOMER = "profile", "score", "customer"
MEMBERSHIP, TAG, PURCHASE, SEGMENT = "membership", "tag", "purchase", "segment"
SOURCES = (PROFILE, SCORE, CUSTOMER, MEMBERSHIP, TAG, PURCHASE, SEGMENT)
PERSONAL = "personal"


@dataclass(frozen=True)
class Field:
	"""One thing a rule may ask.

	key: source and name, what a rule stores: "profile.last_order".
	type: one of `operators.TYPES`; a "share" is kept as 0 to 1 and asked in percent.
	group: the heading it stands under where people choose.
	options: the DocType whose names it holds (link, tree, segment), or its choices, one a line.
	sensitivity: "personal" for what only readers of customers may ask; else empty.
	default: what counts where the source has no row for a customer; None: empty.
	"""

	key: str
	label: str
	type: str
	group: str
	options: str = ""
	sensitivity: str = ""
	default: str | int | None = None

	@property
	def source(self) -> str:
		return self.key.partition(".")[0]

	@property
	def column(self) -> str:
		return self.key.partition(".")[2]

	@property
	def operators(self) -> tuple[operators.Operator, ...]:
		return operators.BY_TYPE[self.type]


STAGES = "Prospect\nFirst Purchase\nRepeat\nLoyal\nAt Risk\nLost"
RFM_GROUPS = "New\nPromising\nLoyal\nChampions\nNeeds Attention\nAt Risk\nCannot Lose\nHibernating\nLost"
MONTHS = "\n".join(str(month) for month in range(1, 13))

_BUYING, _HABITS, _VALUE = "What they bought", "Habits", "Value"
_NEXT, _GROUPS, _SERVICE = "What comes next", "Groups", "Returns and service"
_CUSTOMER, _LOYALTY = "Customer", "Loyalty"


def _fields() -> Iterable[Field]:
	# live: moves with each invoice
	yield Field("profile.last_order", "Last order", "date", _BUYING)
	yield Field("profile.first_order", "First order", "date", _BUYING)
	yield Field("profile.orders", "Orders", "number", _BUYING, default=0)
	yield Field("profile.revenue", "Revenue", "money", _BUYING, default=0)
	for what, doctype in (("any", ""), ("item", "Item"), ("item_group", "Item Group"), ("brand", "Brand")):
		yield Field(f"purchase.{what}", _PURCHASES[what], "purchase", _BUYING, options=doctype)
	yield Field("purchase.branch", _PURCHASES["branch"], "purchase", _BUYING)
	yield Field("purchase.coupon", _PURCHASES["coupon"], "purchase", _BUYING, options="Coupon Code")

	yield Field("profile.stage", "Stage", "choice", _GROUPS, options=STAGES, default="Prospect")
	yield Field("profile.stage_since", "In this stage since", "date", _GROUPS)
	yield Field("score.rfm_group", "RFM group", "choice", _GROUPS, options=RFM_GROUPS)
	yield Field("score.r", "Recency score (1 to 5)", "number", _GROUPS)
	yield Field("score.f", "Frequency score (1 to 5)", "number", _GROUPS)
	yield Field("score.m", "Monetary score (1 to 5)", "number", _GROUPS)
	yield Field("score.value_band", "Value band", "choice", _GROUPS, options="A\nB\nC\nD")
	yield Field("score.cluster", "Cluster", "choice", _GROUPS)
	yield Field("score.price_band", "Price response", "choice", _GROUPS, options="High\nMedium\nLow\nUnknown")
	yield Field("score.high_frequency", "High frequency", "check", _GROUPS)
	yield Field("score.high_value", "High value", "check", _GROUPS)
	yield Field("segment.member", "Another segment", "segment", _GROUPS, options="CCMS Customer Segment")
	yield Field("tag.tag", "Tags", "tags", _GROUPS, options="Tag")

	yield Field("score.revenue_365", "Revenue in 365 days", "money", _VALUE)
	yield Field("score.orders_365", "Orders in 365 days", "number", _VALUE)
	yield Field("score.revenue_90", "Revenue in 90 days", "money", _VALUE)
	yield Field("score.orders_90", "Orders in 90 days", "number", _VALUE)
	yield Field("score.trend_revenue", "Trend of revenue", "share", _VALUE)
	yield Field("score.trend_orders", "Trend of orders", "share", _VALUE)
	yield Field("score.basket_value", "Mean order value", "money", _VALUE)
	yield Field("score.basket_items", "Mean items per order", "number", _VALUE)
	yield Field("score.margin_365", "Margin in 365 days", "money", _VALUE)
	yield Field("score.historic_value", "Historic value", "money", _VALUE)

	yield Field("score.own_cycle", "Usual days between orders", "number", _HABITS)
	yield Field("score.ratio", "Days since the last order, in usual cycles", "number", _HABITS)
	yield Field("score.peak_hour", "Peak hour", "number", _HABITS)
	yield Field("score.peak_weekday", "Peak weekday (0 is Monday)", "number", _HABITS)
	yield Field("score.peak_month", "Peak month", "choice", _HABITS, options=MONTHS)
	yield Field("score.favourite_group", "Favourite item group", "tree", _HABITS, options="Item Group")
	yield Field("score.favourite_brand", "Favourite brand", "link", _HABITS, options="Brand")
	yield Field("score.favourite_item", "Favourite item", "link", _HABITS, options="Item")
	yield Field("score.home_branch", "Home branch", "choice", _HABITS)
	yield Field("score.home_channel", "Usual channel", "choice", _HABITS)
	yield Field("score.sales_person", "Sales person", "tree", _HABITS, options="Sales Person")
	yield Field("score.below_list_share", "Share bought below list price", "share", _HABITS)
	yield Field("score.discount_365", "Discounts in 365 days", "money", _HABITS)

	yield Field("score.churn_probability", "Risk of leaving", "share", _NEXT)
	yield Field("score.churn_level", "Risk level", "choice", _NEXT, options="Low\nMedium\nHigh")
	yield Field("score.next_purchase_on", "Next purchase expected", "date", _NEXT)
	yield Field("score.expected_orders", "Expected orders", "number", _NEXT)
	yield Field("score.expected_revenue", "Expected revenue", "money", _NEXT)
	yield Field("score.expected_orders_365", "Expected orders in 365 days", "number", _NEXT)
	yield Field("score.expected_revenue_365", "Expected revenue in 365 days", "money", _NEXT)

	yield Field("score.return_rate", "Return rate", "share", _SERVICE)
	yield Field("score.returned_365", "Returned in 365 days", "money", _SERVICE)
	yield Field("score.complaints_365", "Complaints in 365 days", "number", _SERVICE)
	yield Field("score.complaint_rate", "Complaints per order", "number", _SERVICE)

	yield Field("customer.customer_group", "Customer group", "tree", _CUSTOMER, options="Customer Group")
	yield Field("customer.territory", "Territory", "tree", _CUSTOMER, options="Territory")
	yield Field("customer.customer_type", "Customer type", "choice", _CUSTOMER)
	yield Field("customer.language", "Language", "link", _CUSTOMER, options="Language")
	yield Field("customer.gender", "Gender", "link", _CUSTOMER, options="Gender", sensitivity=PERSONAL)
	yield Field("customer.customer_name", "Name", "text", _CUSTOMER, sensitivity=PERSONAL)
	yield Field("customer.email_id", "Email", "text", _CUSTOMER, sensitivity=PERSONAL)
	yield Field("customer.mobile_no", "Mobile number", "text", _CUSTOMER, sensitivity=PERSONAL)
	for fact, label, kind in _FACTS:
		yield Field(f"customer.{fact}", label, kind, _CUSTOMER, sensitivity=PERSONAL)
	yield Field("customer.creation", "Customer since", "date", _CUSTOMER)
	yield Field("customer.market_segment", "Market segment", "link", _CUSTOMER, options="Market Segment")
	yield Field("customer.industry", "Industry", "link", _CUSTOMER, options="Industry Type")
	yield Field("customer.account_manager", "Account manager", "link", _CUSTOMER, options="User")
	yield Field("customer.default_price_list", "Price list", "link", _CUSTOMER, options="Price List")
	yield Field("customer.default_currency", "Billing currency", "link", _CUSTOMER, options="Currency")
	yield Field("customer.is_frozen", "Frozen account", "check", _CUSTOMER)

	yield Field("membership.program", "Program", "link", _LOYALTY, options="CCMS Loyalty Program")
	yield Field("membership.tier", "Tier", "choice", _LOYALTY)
	yield Field("membership.points_active", "Points", "number", _LOYALTY)
	yield Field("membership.status", "Membership", "choice", _LOYALTY, options="Active\nFrozen\nLeft")
	yield Field("membership.joined_on", "Joined on", "date", _LOYALTY)
	yield Field("membership.last_activity_on", "Last activity of the member", "date", _LOYALTY)
	yield Field("membership.tier_until", "Tier until", "date", _LOYALTY)


_PURCHASES = {
	"any": "Purchases",
	"item": "Purchases of items",
	"item_group": "Purchases of item groups",
	"brand": "Purchases of brands",
	"branch": "Purchases in branches",
	"coupon": "Purchases with coupons",
}

# what is known of a person
_FACTS = (
	("ccms_birth_date", "Birth Date", "date"),
	("ccms_occupation", "Occupation", "text"),
	("ccms_home_place", "Lives In", "text"),
	("ccms_work_place", "Works In", "text"),
	("ccms_preferred_channel", "Preferred Channel", "choice"),
)

FIELDS: dict[str, Field] = {field.key: field for field in _fields()}


def with_choices(field: Field, choices: Iterable[str]) -> Field:
	"""The same field with the choices that a site has."""
	return replace(field, options="\n".join(choices))
