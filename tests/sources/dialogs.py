"""Short dialogs of which only names are known, each with the role of every speaker."""

# (roles by name, what is said); none of the sentences comes from a real conversation.
Dialog = tuple[dict[str, str], str]

DIALOGS: tuple[Dialog, ...] = (
    ({"Sanne": "agent", "Youssef": "customer"},
     "Sanne: Goedemorgen, Energiehuis, u spreekt met Sanne.\n"
     "Youssef: Ja hallo, mijn termijnbedrag is ineens verdubbeld.\n"
     "Sanne: Ik kijk even met u mee.\nYoussef: Graag.\n"),
    ({"Mark": "customer", "Els": "agent"},
     "Mark: Hoi, ik wacht nu al twee weken op een jas.\n"
     "Els: Wat vervelend! Heb je een ordernummer voor me?\nMark: 88231.\n"
     "Els: Dank, een ogenblikje.\n"),
    ({"Fatima": "customer", "Koen": "agent"},
     "Fatima: De monteur is weer niet geweest.\nKoen: Dat spijt me. Mag ik uw postcode?\n"
     "Fatima: 3511 AB. Dit is de derde keer!\nKoen: Ik plan direct een nieuwe afspraak.\n"),
    ({"Tom": "agent", "Ilse": "customer"},
     "Tom: Met Tom van de bezorgdienst, zegt u het maar.\n"
     "Ilse: Er ligt een pakje bij de buren dat niet van ons is.\n"
     "Tom: Kunt u het trackingnummer doorgeven?\nIlse: Dat staat er niet op.\n"),
    ({"Daan": "customer", "Priya": "agent"},
     "Daan: Jullie website doet het niet.\nPriya: Welke foutmelding krijg je te zien?\n"
     "Daan: Iets met een time-out, ik snap er niks van.\n"
     "Priya: Dank je, ik geef het door aan onze technische dienst.\n"),
    ({"Marieke": "agent", "Henk": "customer"},
     "Marieke: Waarmee kan ik u van dienst zijn?\nHenk: Ik wil mijn abonnement stopzetten.\n"
     "Marieke: Mag ik vragen waarom?\nHenk: Te duur.\n"),
    ({"Bart": "customer", "Lotte": "agent"},
     "Bart: Goedemiddag, even over de factuur van maart.\nLotte: Jazeker, wat is uw klantnummer?\n"
     "Bart: Dat heb ik niet bij de hand.\nLotte: Geen probleem, uw geboortedatum is ook goed.\n"),
    ({"Anouk": "customer", "Ravi": "agent"},
     "Anouk: Ik heb een bank gekocht en die is beschadigd.\n"
     "Ravi: Oei, dat is niet de bedoeling. Heeft u er een foto van?\n"
     "Anouk: Ja, die heb ik gisteren gestuurd.\nRavi: Dan ga ik dat voor u uitzoeken.\n"),
    ({"Peter": "agent", "Noor": "customer"},
     "Peter: Fijn dat u belt, hoe kan ik u helpen?\n"
     "Noor: Mijn internet ligt er sinds vanochtend uit.\n"
     "Peter: Er is een storing in uw wijk.\nNoor: Wanneer is het opgelost?\n"),
    ({"Gijs": "customer", "Wendy": "agent"},
     "Gijs: Nou, ik ben er helemaal klaar mee.\nWendy: Ik begrijp uw frustratie.\n"
     "Gijs: Niemand belt terug.\nWendy: Ik zorg dat mijn collega u vandaag nog belt.\n"),
    ({"Amy": "agent", "Jack": "customer"},
     "Amy: Thank you for calling, how may I help you?\n"
     "Jack: My parcel still hasn't arrived.\nAmy: Could you confirm your order number?\n"
     "Jack: It's 5512.\n"),
    ({"Lucas": "customer", "Eva": "agent"},
     "Lucas: Hallo?\nEva: Goedendag, met Eva, klantenservice.\n"
     "Lucas: Ik krijg steeds een aanmaning terwijl ik betaald heb.\n"
     "Eva: Ik zie de betaling staan, ik trek de aanmaning in.\n"),
    ({"Rosa": "customer", "Victor": "agent"},
     "Rosa: Kan ik mijn ticket omzetten?\nVictor: Dat kan tot 24 uur voor vertrek.\n"
     "Rosa: Fijn, hoe doe ik dat?\nVictor: U ontvangt van ons een link in de mail.\n"),
    ({"Joris": "agent", "Mila": "customer"},
     "Joris: Wat kan ik voor u betekenen?\nMila: De wasmachine die ik bij u kocht lekt.\n"
     "Joris: Hoe oud is het apparaat?\nMila: Nog geen jaar.\n"),
    ({"Dirk": "customer", "Samira": "agent"},
     "Dirk: Waarom moet ik twee keer betalen?\nSamira: Even kijken hoor.\n"
     "Dirk: Het is elke maand hetzelfde liedje.\n"
     "Samira: U heeft gelijk, het bedrag is dubbel afgeschreven. We storten het terug.\n"),
    ({"Inge": "customer", "Robert": "agent"},
     "Inge: Ik wil een compliment geven, de bezorger was zo aardig!\n"
     "Robert: Wat leuk om te horen, dat geef ik aan hem door.\n"
     "Inge: Mooi zo.\nRobert: Fijne dag nog!\n"),
    ({"Hugo": "agent", "Carla": "customer"},
     "Hugo: Goedenavond, zegt u het maar.\nCarla: Ik kan niet meer inloggen op de app.\n"
     "Hugo: Heeft u het wachtwoord al opnieuw ingesteld?\nCarla: Ja, drie keer.\n"),
    ({"Bas": "customer", "Julia": "agent", "Omar": "agent"},
     "Julia: Klantenservice, met Julia.\nBas: Mijn polis klopt niet.\n"
     "Julia: Ik verbind u door met mijn collega van schade.\n"
     "Omar: Goedemiddag, u spreekt met Omar. Waarmee kan ik u helpen?\n"
     "Bas: Zoals gezegd, de dekking klopt niet.\n"),
    ({"Nina": "customer", "Wim": "customer", "Tess": "agent"},
     "Tess: Goedemorgen, waarmee kan ik jullie helpen?\n"
     "Nina: Ik heb een klacht over onze reis.\nWim: Ik wil mijn geld terug!\n"
     "Tess: Mag ik uw reserveringsnummer?\nNina: Dat is 4410.\n"),
    ({"Kim": "unknown", "Jos": "unknown"},
     "Kim: Hallo.\nJos: Hoi.\nKim: Tot straks.\nJos: Ja.\n"),
)  # fmt: skip
