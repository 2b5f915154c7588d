"""The kinds of identifiers, and the code that starts the name of each identity."""

from __future__ import annotations

PHONE, EMAIL, CARD, WECHAT, SOCIAL = "Phone", "Email", "Card", "WeChat", "Social"
DEVICE, VISITOR, CUSTOMER = "Device", "Visitor", "Customer"

CODES = {
	PHONE: "phone",
	EMAIL: "email",
	CARD: "card",
	WECHAT: "wechat",
	SOCIAL: "social",
	DEVICE: "device",
	VISITOR: "visitor",
	CUSTOMER: "customer",
}
KINDS = tuple(CODES)

TYPED = (PHONE, EMAIL, CARD, WECHAT, SOCIAL)
"""What people write down about a customer; the others are made by machines."""
