"""What a stored mail says, however it is written."""

from email.charset import BASE64, QP, Charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest

from ccms_app.privacy.mime import says

NAMES = ("欧阳明日香", "Zuzana Węgrzynowska", "Aurelia Quittenbaum")


def mail(subject: str, body: str, encoding: int = BASE64) -> str:
	charset = Charset("utf-8")
	charset.body_encoding = charset.header_encoding = encoding
	message = MIMEMultipart("alternative")
	message["Subject"] = Header(subject, charset, maxlinelen=60)
	message["To"] = "boss@staff.example"
	message.attach(MIMEText(body, "html", charset))
	return message.as_string()


@pytest.mark.parametrize("encoding", [BASE64, QP])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ahead", range(0, 80, 7))
def test_a_name_is_found_in_body_and_subject_wherever_lines_break(name, encoding, ahead):
	filler = "x" * ahead + " "
	for message in (
		mail("News", f"<p>{filler}很多字 {name} 说</p>", encoding),
		mail(f"{filler}关于 {name} 的新闻", "<p>你好</p>", encoding),
	):
		assert says(message, [name])
		assert says(message, [name.upper()])
		assert not says(message, ["Ludmila", "明日香织"])


def test_plain_mails_and_broken_ones_do_no_harm():
	assert says("Subject: x\n\nAurelia Quittenbaum", ["aurelia quittenbaum"])
	assert not says("Subject: =?nothing?b?!!!?= =?utf-8?b?A?=\n\nAAAA\n====\n=ZZ", ["Aurelia"])
	assert not says("", ["Aurelia"])
