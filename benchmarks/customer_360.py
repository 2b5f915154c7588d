"""Claims: saving a customer or a contact costs a few milliseconds more for the identity map, and the 360 screen opens fast.

`CCMS_SITE=… CCMS_SITES_PATH=… python -m benchmarks.customer_360`
"""

from __future__ import annotations

import statistics

import frappe

from benchmarks.on_site import connect, in_turn

ROUNDS = 30


def main() -> None:
	"""Print the milliseconds of saving with and without the map, of loading the form, and of the 360 screen."""
	connect()
	from frappe.desk.form.load import getdoc

	from ccms_app.api import customer_360
	from ccms_app.identity.store import capture, customer_facts
	from tests.site.factories import make_customer, make_program, make_sales_invoice
	from tests.site.reach import add_identifier, make_contact, random_phone

	customer = make_customer(make_program())
	contact = make_contact(customer, phones=[random_phone()], emails=["form@example.com"])
	for _number in range(3):
		add_identifier(customer, "Phone", random_phone())
	for _number in range(30):
		make_sales_invoice(customer)
	frappe.db.commit()
	kept = {capture: "safely", customer_facts: "prepare"}

	def saving(doctype: str, name: str, mapped: bool):
		def prepare():
			doc = frappe.get_doc(doctype, name)
			doc.flags.ignore_version = False

			def act():
				originals = {module: getattr(module, attribute) for module, attribute in kept.items()}
				try:
					if not mapped:
						for module, attribute in kept.items():
							setattr(module, attribute, lambda _given: None)
					doc.save()
				finally:
					for module, attribute in kept.items():
						setattr(module, attribute, originals[module])

			return act

		return prepare

	def form():
		frappe.local.response = frappe._dict(docs=[])
		return lambda: getdoc("Customer", customer.name)

	times = in_turn(
		{
			"save customer, with the map": saving("Customer", customer.name, True),
			"save customer, without": saving("Customer", customer.name, False),
			"save contact, with the map": saving("Contact", contact.name, True),
			"save contact, without": saving("Contact", contact.name, False),
			"load the customer's form": form,
			"open the 360 screen": lambda: lambda: customer_360.opened(customer.name),
			"more orders": lambda: lambda: customer_360.orders(customer.name),
			"more interactions": lambda: lambda: customer_360.interactions(customer.name),
		},
		ROUNDS,
	)
	for name, taken in times.items():
		print(f"{name:32} {statistics.median(taken):7.1f} ms median {max(taken):7.1f} ms most")


if __name__ == "__main__":
	main()
