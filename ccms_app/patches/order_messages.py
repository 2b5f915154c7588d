"""Messages on orders, for sites that were there before them."""

from ccms_app.setup import order_messages


def execute() -> None:
	order_messages.make()
