import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klankbord.sources.html_text import own_html, plain

from .clock import seconds


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hallo <b>we</b>reld</p>", "Hallo wereld"),
        ("een<br>twee<br/><BR>drie", "een\ntwee\n\ndrie"),
        ("<div>een<div>twee</div></div>drie", "een\ntwee\ndrie"),
        ("<ul><li>een<li>twee</ul>", "een\ntwee"),
        ("<table><tr><td>een<td>twee<tr><td>drie</table>", "een twee\ndrie"),
        ("a<style>p {color: red}</style>b<script>if (a<b) x('</p>')</script>c", "abc"),
        ("<html><head><title>Nee</title></head><body>ja</body></html>", "ja"),
        ("a<!-- <p>weg</p> -->b<!--[if mso]>weg<![endif]--><![if !mso]>c<![endif]>", "abc"),
        ("&euro;&nbsp;12,50 &amp; &#8364; &lt;b&gt; &onzin;", "€ 12,50 & € <b> &onzin;"),
        ("1 < 2 en 3 > 2 <3", "1 < 2 en 3 > 2 <3"),
        ("  veel \n\t wit \u00a0 ", "veel wit"),
        ("<pre>een\n  twee</pre>drie", "een\n  twee\n\ndrie"),
        ('<a href="x>y" title=it\'s>link</a> it\'s', "link it's"),
        ('<span style="display: none">weg <span>weg</span></span>ja', "ja"),
        ('<p style="display:none">weg<p>ja', "ja"),
        ("ja<script>nooit dicht", "ja"),
        ("ja<title>open", "jaopen"),
        ("een <onzin", "een <onzin"),
        ("goed\u200bzo\u00ad", "goedzo"),
        ("&#" + "1" * 5000 + ";x", "\ufffdx"),
        ("", ""),
    ],
)  # fmt: skip
def test_the_text_a_person_sees(html: str, text: str) -> None:
    assert plain(html) == text


@pytest.mark.parametrize(
    "history",
    [
        '<div class="gmail_quote"><div class="gmail_attr">Op 3 juni schreef W:</div>'
        '<blockquote class="gmail_quote">oud<blockquote>ouder</blockquote>oud</blockquote></div>',
        '<div class="moz-cite-prefix">Op 03-06-2024 schreef W:</div>'
        '<blockquote type="cite"><p>oud</p></blockquote>',
        '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg" dir="ltr"><b>Van:</b> W<br>'
        "<b>Verzonden:</b> vandaag</div><div>oud</div>",
        '<div id="x_divRplyFwdMsg">Van: W</div><div>oud</div>',
        '<div><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p><b>Van:</b> W<br>'
        "<b>Verzonden:</b> vandaag<br><b>Aan:</b> K</p></div></div><p>oud</p>",
        '<div class="yahoo_quoted"><div>W schreef:</div><div>oud</div></div>',
        "<hr id=stopSpelling>Van: W<br>oud",
    ],
)  # fmt: skip
def test_quoted_history_is_left_out(history: str) -> None:
    assert own_html(f"<div>Nog steeds niets!</div><br>{history}") == "Nog steeds niets!"


def test_answers_between_quotations_stay() -> None:
    html = "<blockquote>Klopt dit?</blockquote><p>Nee.</p><blockquote>En dit?</blockquote><p>Ja"
    assert own_html(html) == "Nee.\n\nJa"
    assert plain(html, mark_quotes=True).split("\n")[0] == "> Klopt dit?"


def test_an_indented_paragraph_is_no_quotation() -> None:
    html = 'Kijk:<blockquote style="margin:0 0 0 40px;border:none;padding:0px">mijn punt'
    assert own_html(html + "</blockquote>") == "Kijk:\n\nmijn punt"


def test_what_follows_nested_quotations_is_own() -> None:
    html = "<blockquote>a<blockquote>b<div>c</div></blockquote>d</blockquote>eigen"
    assert own_html(html) == "eigen"
    nested = "<div hidden>weg<div>weg</div>weg</div>ja"
    assert plain(nested) == "ja"


def test_a_mail_that_is_all_quotation_keeps_its_text() -> None:
    assert own_html("<blockquote>Alles is <b>oud</b></blockquote>") == "Alles is oud"


HOSTILE = [
    "<div>", "<b>", "<p>x", "<blockquote>", "<", '<a "', "<a ='", "<!--", "</p>", "<br>", "&", "&#",
    "<script>", "<title>", "<td>", '<a href="x">', "<pre>\n", '<div style="display:none">', "\n",
    '<p hidden="', "<a b=", "<hr id=stopSpelling>", "<!", '<div style="display  ', "<li>", "=", " ",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_megabyte_takes_less_than_a_second(piece: str) -> None:
    assert seconds(own_html, piece * (1_000_000 // len(piece))) < 5
    for end in ("'>", '">'):
        assert seconds(own_html, piece * (200_000 // len(piece)) + end) < 2


def test_a_hundred_thousand_nested_elements() -> None:
    nested = "".join(f"<b id={number}>" for number in range(30_000)) + "<p>x" * 20_000
    for html in ("<div>" * 100_000 + "diep" + "</div>" * 100_000, nested):
        assert plain(html)
        assert seconds(plain, html) < 5


_PIECES = st.sampled_from(
    ["<", ">", "</", "div", "<p>", "<blockquote>", "</blockquote>", "<br>", "<!--", "-->", '"', "'",
     "=", "<script>", "</script>", "&", "&amp;", "&#x", ";", "hidden", "<pre>", "</pre>", "\n", " ",
     "<div style='display:none'>", "</div>", "<div id=appendonsend>", "<!", "/>", "tekst"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES | st.text(max_size=5), max_size=40).map("".join))
def test_anything_becomes_text(html: str) -> None:
    assert isinstance(own_html(html), str)
    assert "\n\n\n" not in plain(html) or "<pre>" in html


@given(st.text(alphabet=st.characters(exclude_characters="<>&"), max_size=200))
def test_words_without_markup_all_stay(text: str) -> None:
    kept = "".join(sign for sign in plain(text) if not sign.isspace())
    left = "".join(sign for sign in text if not sign.isspace())
    assert kept == "".join(sign for sign in left if sign in kept)
