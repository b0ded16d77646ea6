import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klankbord.sources.quoted import has_history, header_blocks, header_fields, own_words

from .clock import seconds

OLD = "Geachte heer,\nWij hebben uw melding ontvangen.\n"
REPLIES = {
    "gmail": (
        "Nog steeds geen pakket!\n\n"
        "Op ma 3 jun 2024 om 09:12 schreef Klantenservice <help@winkel.nl>:\n"
        "\n> Wij\n> zoeken het uit\n",
        "Nog steeds geen pakket!",
    ),
    "gmail, wrapped": (
        "Jammer.\n\n"
        "Op ma 3 jun. 2024 om 09:12 schreef Klantenservice van de Winkel\n"
        "<help@winkel.nl>:\n\n> oud\n",
        "Jammer.",
    ),
    "gmail, over three lines": (
        "Jammer.\n\nOp ma 3 jun. 2024 om 09:12 schreef Klantenservice\n"
        "van de grootste winkel van het land <\nhelp@winkel.nl>:\n" + OLD,
        "Jammer.",
    ),
    "apple": (
        "Helder.\n\n"
        "Op 12 mrt. 2024 om 09:14 heeft Winkel <help@winkel.nl> het volgende ge"
        "schreven:\n\n" + OLD,
        "Helder.",
    ),
    "apple, quoted as a whole": (
        "Prima!\n\nVerstuurd vanaf mijn iPhone\n\n"
        "> Op 12 mrt. 2024 om 09:14 heeft Winkel <h@w.nl> het volgende geschreven:\n"
        "> \n> oud",
        "Prima!",
    ),
    "thunderbird": (
        "Goed zo\n\nOp 12-03-2024 om 09:14 schreef Winkel:\n> oud\n> ouder\n",
        "Goed zo",
    ),
    "yahoo": (
        "Goed zo\n\n"
        "    Op dinsdag 12 maart 2024 om 09:14:05 CET schreef Winkel <h@w.nl>:  \n"
        " \n " + OLD,
        "Goed zo",
    ),
    "name first": (
        "Dank.\n\nWinkel <help@winkel.nl> schreef op 12 mrt. 2024 09:14:\n" + OLD,
        "Dank.",
    ),
    "old gmail": (
        "Dank.\n\n2014-03-12 9:14 GMT+01:00 Winkel <help@winkel.nl>:\n\n> oud\n",
        "Dank.",
    ),
    "outlook": (
        "Te laat.\n\nVan: Winkel <help@winkel.nl>\n"
        "Verzonden: dinsdag 12 maart 2024 09:14\nAan: Jan\n"
        "Onderwerp: RE: Klacht\n\n" + OLD,
        "Te laat.",
    ),
    "outlook, bold": (
        "Te laat.\n\n*Van:* Winkel <help@winkel.nl>\n"
        "*Verzonden:* dinsdag 12 maart 2024 09:14\n*Aan:* Jan\n"
        "*Onderwerp:* RE: Klacht\n" + OLD,
        "Te laat.",
    ),
    "outlook, long list": (
        "Te laat.\n\nVan: Winkel\nVerzonden: dinsdag 12 maart 2024\n"
        "Aan: Jan; Piet;\n Kees <k@k.nl>; Marie <m@k.nl>\nCC: Sam\n"
        "Onderwerp: x\n" + OLD,
        "Te laat.",
    ),
    "outlook for mac": (
        "Te laat.\n\nVan: Winkel <h@w.nl>\n"
        "Datum: dinsdag 12 maart 2024 om 09:14\nAan: Jan <j@j.nl>\n"
        "Onderwerp: Re: x\n" + OLD,
        "Te laat.",
    ),
    "outlook, double spaced": (
        "Te laat.\n\nVan: Winkel\n\nVerzonden: dinsdag 12 maart\n\nAan: Jan\n\n" + OLD,
        "Te laat.",
    ),
    "outlook, on one line": (
        "Te laat.\n\nVan: Winkel Verzonden: dinsdag 12 maart Aan: Jan Onderwerp: RE: x\n" + OLD,
        "Te laat.",
    ),
    "outlook for android": (
        "Ik ben boos.\n\n"
        "Outlook voor Android downloaden<https://aka.ms/x>\n"
        "________________________________\nFrom: Sam <sam@winkel.nl>\n"
        "Sent: Tuesday\n\n" + OLD,
        "Ik ben boos.",
    ),
    "old outlook": (
        "Helder.\n\n-----Oorspronkelijk bericht-----\nVan: Sam\n" + OLD,
        "Helder.",
    ),
    "samsung": (
        "Helder.\n\nVerzonden vanaf mijn Samsung Galaxy-smartphone.\n\n"
        "-------- Oorspronkelijk bericht --------\nVan: Sam <s@w.nl>\n"
        "Datum: 12-03-2024 09:14 (GMT+01:00)\n" + OLD,
        "Helder.",
    ),
    "forwarded, with a remark": (
        "Zie hieronder, schandalig!\n\n"
        "---------- Forwarded message ---------\nVan: Winkel <h@w.nl>\n"
        "Date: di 12 mrt 2024\nSubject: x\nTo: <j@j.nl>\n\n" + OLD,
        "Zie hieronder, schandalig!",
    ),
    "apple, forwarded": (
        "Zie dit.\n\nBegin doorgestuurd bericht:\n\nVan: Winkel\nOnderwerp: x\n" + OLD,
        "Zie dit.",
    ),
    "english": (
        "Still waiting.\n\nOn Mon, Jun 3, 2024 at 9:12 AM Shop <help@shop.nl> wrote:\n\n> old\n",
        "Still waiting.",
    ),
    "english, wrapped": (
        "Still waiting.\n\n"
        "On Mon, 3 Jun 2024 at 09:12, Customer Service of the Shop <\n"
        "help@shop.nl> wrote:\n\nold\n",
        "Still waiting.",
    ),
    "german": (
        "Immer noch nichts.\n\n"
        "Am Mo., 3. Juni 2024 um 09:12 Uhr schrieb Laden <hilfe@laden.de>:\n"
        "\n> alt\n",
        "Immer noch nichts.",
    ),
    "german, outlook": (
        "Immer noch nichts.\n\nVon: Laden <hilfe@laden.de>\n"
        "Gesendet: Montag, 3. Juni 2024 09:12\nAn: Jan\nBetreff: AW: x\n"
        "\nalt",
        "Immer noch nichts.",
    ),
    "french": (
        "Toujours rien.\n\n"
        "Le lun. 3 juin 2024 à 09:12, Magasin <aide@magasin.fr> a écrit :\n"
        "\n> ancien\n",
        "Toujours rien.",
    ),
    "french, outlook": (
        "Toujours rien.\n\nDe : Magasin <aide@magasin.fr>\n"
        "Envoyé : lundi 3 juin 2024 09:12\nÀ : Jean\nObjet : RE: x\n\n"
        "ancien",
        "Toujours rien.",
    ),
    "zoho": (
        "Nee.\n\n---- On Tue, 12 Mar 2024 09:14:05 +0100 W <h@w.nl> wrote ----\nold",
        "Nee.",
    ),
    "yahoo, on one line": (
        "Nee.\n\nSent from Yahoo Mail on Android\n\n"
        "  On Tue, Mar 12, 2024 at 9:14, W<h@w.nl> wrote:   old\n",
        "Nee.",
    ),
    "mail for windows": (
        "Nee.\n\nVerzonden vanuit Mail<https://x.y/?a=1> voor Windows\n\n"
        "Van: W\nVerzonden: nu\nAan: K\n",
        "Nee.",
    ),
    "a service desk's line": (
        "Nee.\n\n##- Typ uw antwoord boven deze regel -##\n\n" + OLD,
        "Nee.",
    ),
    "below the quotation": (
        "Op 12-03-2024 om 09:14 schreef Winkel:\n> Is het opgelost?\n\nNee, nog niet.\n",
        "Nee, nog niet.",
    ),
    "quoted numbers": ("Ja.\n\nOp 12-03-2024 om 09:14 schreef W:\n> 2 stuks?\n> 3 euro?\n", "Ja."),
    "between the quotations": (
        "Hallo,\n\nOp 12-03-2024 09:14 schreef Winkel <h@w.nl>:\n"
        "> Heeft u het ontvangen?\nNee.\n> Wilt u uw geld terug?\n"
        "Ja graag.\n",
        "Hallo,\n\nNee.\nJa graag.",
    ),
}
SIGNED = {
    "name and address": (
        "Graag bericht.\n\nMet vriendelijke groet,\n\nJan de Boer\n"
        "Dorpsstraat 12\n1234 AB Utrecht\n06-12345678\n",
        "Graag bericht.",
    ),
    "short": (
        "Graag bericht.\nMvg Jan",
        "Graag bericht.",
    ),
    "one line": (
        "Graag bericht.\nGroetjes, Karin van den Berg\n",
        "Graag bericht.",
    ),
    "lower case": (
        "graag bericht\n\ngroetjes\nkarin",
        "graag bericht",
    ),
    "two languages": (
        "Graag bericht.\n\nMet vriendelijke groet / Kind regards,\nJan\n"
        "Tel.: +31 (0)30 123 45 67\nwww.bedrijf.nl\nKvK 12345678\n",
        "Graag bericht.",
    ),
    "a job": (
        "Graag bericht.\n\nHartelijke groet,\n\nJan de Boer\n"
        "Senior adviseur\nT 030-1234567 | E jan@bedrijf.nl\n",
        "Graag bericht.",
    ),
    "mark": (
        "Graag bericht.\n\n-- \nJan de Boer\nalles voor de tuin\n",
        "Graag bericht.",
    ),
    "thanks stay": (
        "Kunt u dit herstellen?\n\nAlvast bedankt,\n\nJan de Boer\n06 12345678\n",
        "Kunt u dit herstellen?\n\nAlvast bedankt,",
    ),
    "german": (
        "Bitte um Antwort.\n\nMit freundlichen Grüßen\nJan Müller\n",
        "Bitte um Antwort.",
    ),
    "french": (
        "Merci de répondre.\n\nCordialement,\nJean Dupont\n",
        "Merci de répondre.",
    ),
    "french sentence": (
        "Merci de répondre.\n\n"
        "Veuillez agréer, Madame, l'expression de mes salutations distinguées.\n"
        "Jean Dupont",
        "Merci de répondre.",
    ),
    "disclaimer": (
        "Graag bericht.\n\nMet vriendelijke groet,\nJan\n\n"
        "Dit bericht is vertrouwelijk en uitsluitend bestemd voor de geadresseerde.\n"
        "Indien u dit bericht per abuis ontvangt, verzoeken wij u het te vernietigen.\n"
        "\nWij aanvaarden geen aansprakelijkheid voor schade.\n",
        "Graag bericht.",
    ),
    "milieu": (
        "Graag bericht.\n\nDenk aan het milieu voordat u deze mail print.\n",
        "Graag bericht.",
    ),
    "english disclaimer": (
        "Please reply.\n\n"
        "This e-mail and any attachments are confidential and intended solely for the\n"
        "addressee.\n",
        "Please reply.",
    ),
    "telephone": (
        "Prima\nVerzonden vanuit Outlook op mijn iPad",
        "Prima",
    ),
    "german telephone": (
        "Gut\n\nVon meinem iPhone gesendet",
        "Gut",
    ),
    "french telephone": (
        "Bien\n\nEnvoyé de mon iPhone",
        "Bien",
    ),
    "link in a footer": ("Prima\n\nDownload Outlook voor iOS<https://x.y/z>", "Prima"),
    "virus scanner": (
        "Prima\n\n<http://www.x.com> Virusvrij. www.x.com\n<#DAB4FAD8-2DD7>\n",
        "Prima",
    ),
    "warning": (
        "LET OP: deze e-mail komt van buiten de organisatie. Klik niet op links.\n\nKapot.",
        "Kapot.",
    ),
    "postscript": (
        "Graag bericht.\n\nGroeten,\nJan\n\nPS: de bezorger was wel aardig",
        "Graag bericht.\n\nPS: de bezorger was wel aardig",
    ),
    "words below": (
        "Graag bericht.\n\nGroeten,\nJan\n\nO ja, en de bezorger was erg onbeleefd!",
        "Graag bericht.\n\nO ja, en de bezorger was erg onbeleefd!",
    ),
}
OWN = [
    "Van: x\nNee dat klopt niet.",
    "Groeten uit Utrecht is een leuk park, maar het was er vies.",
    "Mooi park.\nGroeten uit Utrecht\nis de naam.",
    "Ik heb u gemaild. Bedankt voor niets.\nNog steeds geen antwoord.",
    "Bedankt\nmaar dit is niet wat ik bestelde en ik wil mijn geld terug.",
    "Van: Utrecht\nNaar: Leiden\nDatum: 3 juni 2024\nDe trein reed niet.",
    "Op 3 juni schreef u mij het volgende:\nu krijgt uw geld terug.\nDat is niet gebeurd.",
    "Op 3 juni 2024 schreef u:\n'morgen komt het'. Dat was een leugen.",
    "De monteur schreef om 10:15 op zijn bon:\nklant niet thuis. Ik was thuis!",
    "Verzonden via PostNL maar nooit aangekomen.",
    "Mijn pakket is\n> 100 euro waard\nen toch kwijt.",
    "Wat wil ik:\n- geld terug\n- excuses\n-- en snel ook\nAnders stap ik over.",
    "Hallo,\n\nDenk aan het milieu en stuur minder plastic mee.",
    "Hallo,\n\nDit bericht is een klacht over de bezorging.",
    "Hallo,\n\nAls u het pakket niet aan de ontvanger kunt geven, bel dan.",
    "Eerst dit.\n--\nEn dan nog iets anders dat ik echt kwijt wil over de winkel.",
    "Met vriendelijke groet",
    "IK WIL MIJN GELD TERUG",
    "Slecht.\n\nMvg,\nEen zeer teleurgestelde klant",
]
EMPTY = {
    "only quoted": "> oud\n> ouder",
    "only forwarded": "---------- Forwarded message ---------\nVan: Winkel\n\nTekst van de winkel",
    "only history": "Op 12-03-2024 om 09:14 schreef Winkel <h@w.nl>:\nTekst van de winkel",
}  # fmt: skip


@pytest.mark.parametrize("name", REPLIES)
def test_quoted_history_is_cut(name: str) -> None:
    text, own = REPLIES[name]
    assert own_words(text) == own
    assert own_words(text.replace("\n", "\r\n")) == own


@pytest.mark.parametrize("name", SIGNED)
def test_signatures_and_disclaimers_are_cut(name: str) -> None:
    text, own = SIGNED[name]
    assert own_words(text).replace("Mvg,\n", "") == own


@pytest.mark.parametrize("text", OWN[:-1])
def test_own_words_stay(text: str) -> None:
    assert own_words(text) == text.replace("\n--\n", "\n")


def test_what_a_customer_calls_himself_stays() -> None:
    assert own_words(OWN[-1]) == "Slecht.\n\nEen zeer teleurgestelde klant"


@pytest.mark.parametrize("name", EMPTY)
def test_a_mail_that_would_become_empty_keeps_its_text(name: str) -> None:
    assert own_words(EMPTY[name]) == EMPTY[name]


def test_a_signature_is_kept_before_quoted_history_is() -> None:
    assert own_words("Verstuurd vanaf mijn iPhone\n\n> oud\n> ouder") == (
        "Verstuurd vanaf mijn iPhone"
    )


def test_header_lines_are_found_where_they_stand() -> None:
    lines = ["Van: Jan", "Verzonden: vandaag", "Aan: winkel", "", "Hallo"]
    assert list(header_blocks(["Beste", *lines])) == [(1, 4)]
    assert header_fields(lines[:3]) == {"from": "Jan", "sent": "vandaag", "to": "winkel"}
    assert header_fields(["Van: Jan Verzonden: nu Aan: winkel Onderwerp: RE: een: twee"]) == {
        "from": "Jan",
        "sent": "nu",
        "to": "winkel",
        "subject": "RE: een: twee",
    }
    assert has_history(["Ja", "", "-----Oorspronkelijk bericht-----", "Van: Sam"])
    assert not has_history(["Van: x", "Op 3 juni:", "Ja"])


_PIECES = st.sampled_from(
    ["> ", ">", "Op ", "3 juni 2024 om 09:12 ", "schreef ", "heeft ", "geschreven", ":", "Van: ",
     "Verzonden: ", "Aan: ", "Onderwerp: ", "--", "-- ", "____________", "Mvg", "Groeten, ", "Jan ",
     "bedankt", "a@b.nl ", "Verstuurd vanaf mijn iPhone", "Dit bericht is vertrouwelijk ", "\n",
     "\n\n", "\r\n", "\r", "-----Oorspronkelijk bericht-----", "*", "\u00a0", "x ", "06-12345678",
     "PS ", "Antwoord boven deze regel", "\u200b", "!"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES | st.text(max_size=8), max_size=40).map("".join))
def test_what_is_left_is_a_part_of_the_lines_in_order(text: str) -> None:
    given_lines = iter(re.split("\r\n|\n|\r", text))
    own = own_words(text)
    assert all(line in given_lines for line in own.split("\n") if own)
    assert bool(own.strip()) == bool(text.strip())
    assert own_words(own) is not None


HOSTILE = [
    ">", ">\n", "> x\n", "Op ", "Op \n", "Op 3-6-2024 10:00 schreef\n", "Van: ", "Van: \n",
    "Van: x\nAan: y@z;\n", "\n", "\r", "_", "_\n", "-- \n", "Bedankt\n", "bedankt\n\n\n\n",
    "x\nMet vriendelijke groet\nxx yy\n", "Dit bericht is vertrouwelijk\n\n", "Denk aan\n\n", " ",
    "verstuurd vanaf mijn ", "https://", "a@", "x:\n", "Le 3 heeft heeft heeft heeft heeft:\n",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_megabyte_takes_less_than_a_second(piece: str) -> None:
    text = "hallo\n" + piece * (1_000_000 // len(piece))
    assert seconds(own_words, text) < 5
