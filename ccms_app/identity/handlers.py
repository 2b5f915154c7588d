"""The handlers that answer for a customer's data; see `ccms_app.customer_handler`, which every domain may import."""

from ccms_app.customer_handler import CustomerHandler, Nothing

__all__ = ["CustomerHandler", "Nothing"]
