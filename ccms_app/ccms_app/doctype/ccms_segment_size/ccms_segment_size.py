from ccms_app.behaviour.store.kept_document import KeptDocument


class CCMSSegmentSize(KeptDocument):
	pass
