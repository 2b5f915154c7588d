from ccms_app.behaviour.store.kept_document import KeptDocument


class CCMSCustomerCluster(KeptDocument):
	def on_trash(self) -> None:
		"""Old fits may go: nothing is counted by them any more."""
