"""Requests over Frappe's own WSGI application: log-in, permissions, HTTP methods and commits are the real ones."""

import json

import frappe
from frappe.app import application
from frappe.utils import strip_html
from werkzeug.test import Client

from tests.on_site import connect

from .world import PASSWORD


class Browser:
	"""A person's session with the site; None is a guest. What it reads must have been committed.

	A request has a connection of its own; the test's is made anew after each.
	"""

	def __init__(self, email: str | None = None):
		self.site = frappe.local.site
		self.client = Client(application)
		if email:
			status, _body = self.post("login", usr=email, pwd=PASSWORD)
			assert status == 200, f"{email} cannot sign in: {_body}"

	def get(self, method: str, **arguments) -> tuple[int, dict]:
		"""GET /api/method/…; returns (status, body)."""
		return self._open("GET", f"/api/method/{method}", query_string=arguments)

	def post(self, method: str, **arguments) -> tuple[int, dict]:
		"""POST /api/method/…; returns (status, body)."""
		return self._open("POST", f"/api/method/{method}", json=arguments)

	def resource(self, verb: str, doctype: str, name: str = "", /, **fields) -> tuple[int, dict]:
		"""A request to /api/resource/…; returns (status, body)."""
		path = "/".join(filter(None, ("/api/resource", doctype, name)))
		return self._open(verb, path, **({"json": fields} if fields else {}))

	@staticmethod
	def words(body: dict) -> str:
		"""What a refusal says, without the number Frappe gives to each."""
		said = [json.loads(message) for message in json.loads(body.get("_server_messages") or "[]")]
		return " ".join(strip_html(message["message"]) for message in said)

	def _open(self, verb: str, path: str, **keywords) -> tuple[int, dict]:
		headers = {"X-Frappe-Site-Name": self.site, "Accept": "application/json"}
		if session := self.client.get_cookie("sid"):
			headers["X-Frappe-CSRF-Token"] = self._token(session.value)
		response = self.client.open(path, method=verb, headers=headers, **keywords)
		connect(self.site)
		try:
			return response.status_code, json.loads(response.get_data(as_text=True) or "{}")
		except json.JSONDecodeError:
			return response.status_code, {}

	def _token(self, sid: str) -> str:
		session = frappe.cache.hget("session", sid) or {}
		return (session.get("data") or {}).get("csrf_token") or ""
