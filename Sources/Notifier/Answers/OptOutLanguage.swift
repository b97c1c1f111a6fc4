/// What people say in one language to get no more messages, or to get them again.
///
/// Each phrase was checked against the other languages: a phrase is left out if in one of them it could be a different
/// answer to such a message. docs/delivery.md has the same table, and says what is left out.
struct OptOutLanguage: Sendable {
    /// Its English name.
    let name: String
    /// Phrases that ask to stop, alone or between polite words.
    let stop: [String]
    /// Words for “no”, which ask to stop when they are the whole answer.
    let no: [String]
    /// Phrases that ask to start again.
    let start: [String]
    /// Polite words that may stand around any of these, and change nothing.
    let polite: [String]
    /// Closings of a letter, which only a name may follow.
    let closing: [String]

    /// A language by its phrases, separated by commas.
    init(_ name: String, stop: String, no: String, start: String, polite: String, closing: String = "") {
        func phrases(_ text: String) -> [String] { text.split(separator: ", ").map(String.init) }
        self.name = name
        self.stop = phrases(stop)
        self.no = phrases(no)
        self.start = phrases(start)
        self.polite = phrases(polite)
        self.closing = phrases(closing)
    }

    /// Emoji that ask to stop.
    static let signs: Set<Character> = ["🛑", "⛔", "🚫", "🔕", "🙅"]

    /// All languages, in the order of docs/delivery.md.
    static let all = germanic + romance + slavic + others + asian
}

extension OptOutLanguage {
    private static let germanic: [OptOutLanguage] = [
        OptOutLanguage(
            "English",
            stop: """
                stop, stop all, stop sending, stop messaging, stop messages, stop the messages, stop writing, \
                stop writing to me, stop texting, stop emailing, stop contacting, stop bothering, stop spamming, \
                stop spam, stop notifying, stop notifications, stop doing, I want you to stop, \
                I want this to stop, you can stop, you should stop, make it stop, unsubscribe, unsub, opt out, \
                opt me out, cancel, cancel subscription, cancel my subscription, quit, end, halt, enough, \
                enough is enough, that's enough, cease, desist, cease and desist, no more, no more of these, \
                no more of this, no more messages, no spam, leave me alone, go away, not interested, remove me, \
                remove me from your list, remove me from this list, take me off, take me off your list, \
                take me off this list, turn this off, do not message, don't message, do not write, don't write, \
                do not write to me, don't write to me, do not contact, don't contact, do not send, don't send, \
                I don't want these, I do not want these, I don't want this, I do not want this, knock it off, \
                shut up
                """,
            no: "no, nope, no thanks, no thank you, no please, please no",
            start: "start, start again, unstop, subscribe, resubscribe, resume, restart, opt in, opt me in",
            polite: """
                please, pls, plz, thanks, thank you, many thanks, thx, ty, cheers, kindly, hi, hello, hey, ok, \
                okay, now, right now, right away, immediately, at once, already, asap, just, me, us, it, this, \
                that, these, those, them, all, everything, bot, messages, notifications, forever, for good, \
                anymore, any more, again, sorry, 1
                """,
            closing: "regards, best, best regards, kind regards, best wishes, sincerely, yours"
        ),
        OptOutLanguage(
            "German",
            stop: """
                stopp, stoppen, stoppt, halt, hör auf, hoer auf, hör auf damit, hört auf, hören Sie auf, \
                aufhören, aufhoeren, genug, es reicht, Schluss, Schluss damit, Ende, beenden, abmelden, \
                melde mich ab, bitte abmelden, abbestellen, austragen, kündigen, abbrechen, Abbruch, nicht mehr, \
                nicht mehr schreiben, nicht mehr senden, nicht mehr schicken, schreib mir nicht mehr, \
                schreiben Sie mir nicht mehr, keine Nachrichten, keine Nachrichten mehr, keine mehr, \
                kein Interesse, lass mich in Ruhe, lasst mich in Ruhe, lassen Sie mich in Ruhe, \
                ich will das nicht, ich möchte das nicht
                """,
            no: "nein, nein danke, nö, nee",
            start: "starten, wieder starten, fortsetzen, anmelden, weitermachen",
            polite: """
                bitte, bitte sehr, danke, danke schön, vielen Dank, hallo, sofort, jetzt, endlich, mal, damit, \
                das, mich, mir
                """,
            closing: """
                Gruß, Grüße, viele Grüße, liebe Grüße, schöne Grüße, mit freundlichen Grüßen, freundliche Grüße, \
                mfg, lg, vg
                """
        ),
        OptOutLanguage(
            "Dutch",
            stop: """
                stoppen, stop nu, stop ermee, stop hiermee, hou op, houd op, hou ermee op, ophouden, genoeg, einde, \
                afmelden, meld me af, uitschrijven, schrijf me uit, opzeggen, annuleren, geen berichten meer, \
                niet meer sturen, niet meer schrijven, stuur niets meer, laat me met rust, geen interesse
                """,
            no: "nee, nee bedankt, nee dank je",
            start: "starten, begin, beginnen, hervatten, hervat",
            polite: """
                alstublieft, alsjeblieft, aub, graag, bedankt, dank u, dank je, dank je wel, meteen, \
                onmiddellijk, hallo
                """,
            closing: "groet, groeten, groetjes, met vriendelijke groet, met vriendelijke groeten"
        ),
        OptOutLanguage(
            "Swedish",
            stop: """
                stopp, stoppa, sluta, sluta skriva, sluta skicka, sluta nu, avsluta, avregistrera, \
                avregistrera mig, avbryt, avanmäl, det räcker, inga fler meddelanden, inga fler, skriv inte mer, \
                skicka inte mer, lämna mig ifred, lämna mig i fred
                """,
            no: "nej, nej tack",
            start: "starta, börja, återuppta, fortsätt",
            polite: "snälla, är du snäll, tack, vänligen, genast, hej",
            closing: "hälsningar, vänliga hälsningar, med vänliga hälsningar, mvh"
        ),
        OptOutLanguage(
            "Danish",
            stop: """
                hold op, hold op med det, hold nu op, afmeld, afmeld mig, afslut, annuller, ikke mere, \
                ikke flere, ikke flere beskeder, skriv ikke mere, send ikke mere, lad mig være, \
                lad mig være i fred
                """,
            no: "nej, nej tak",
            start: "genoptag, begynd",
            polite: "venligst, vær venlig, tak, mange tak, med det samme",
            closing: "hilsen, venlig hilsen, med venlig hilsen, mange hilsner"
        ),
        OptOutLanguage(
            "Norwegian",
            stop: """
                stopp, slutt, slutt med det, slutt å skrive, hold opp, avslutt, avbryt, avmeld, meld meg av, \
                ikke mer, ingen flere meldinger, ikke skriv mer, ikke send mer, la meg være, la meg være i fred, \
                det holder
                """,
            no: "nei, nei takk",
            start: "begynn, gjenoppta, fortsett",
            polite: "vennligst, vær så snill, takk, tusen takk, nå, med en gang",
            closing: "hilsen, vennlig hilsen, med vennlig hilsen"
        ),
    ]

    private static let romance: [OptOutLanguage] = [
        OptOutLanguage(
            "French",
            stop: """
                arrêt, arrête, arrêter, arrêtez, arrêtons, arrête ça, arrêtez ça, arrête de m'écrire, \
                arrêtez de m'écrire, arrêtez de m'envoyer des messages, stopper, stoppez, cesse, cessez, \
                cessez de m'écrire, assez, ça suffit, terminé, annuler, annulez, désabonner, désabonnement, \
                désabonnez-moi, me désabonner, désinscription, désinscrire, désinscrivez-moi, me désinscrire, \
                résilier, ne m'écrivez plus, ne m'écris plus, ne m'envoyez plus rien, plus de messages, \
                plus de message, laissez-moi tranquille, laisse-moi tranquille, pas intéressé, pas intéressée
                """,
            no: "non, non merci",
            start: "commencer, commencez, reprendre, reprenez, démarrer, réabonner",
            polite: """
                s'il vous plaît, s'il te plaît, svp, stp, merci, merci beaucoup, merci d'avance, bonjour, \
                bonsoir, maintenant, tout de suite, immédiatement
                """,
            closing: "cordialement, bien cordialement, bien à vous, salutations"
        ),
        OptOutLanguage(
            "Spanish",
            stop: """
                parar, pare, paren, para ya, párenlo, detener, detente, deténganse, deténgase, basta, basta ya, \
                ya basta, suficiente, cancelar, cancelar suscripción, baja, darme de baja, dar de baja, \
                dame de baja, deme de baja, desuscribir, desuscribirme, no más, no más mensajes, no me escribas, \
                no me escriba, no me escriban, no me escribas más, no me escriban más, no me envíes más, \
                no me envíen más, no quiero más, no quiero más mensajes, deja de escribirme, deje de escribirme, \
                dejen de escribirme, dejen de enviar mensajes, déjame en paz, déjenme en paz, no me interesa, \
                terminar
                """,
            no: "no, no gracias",
            start: "iniciar, empezar, comenzar, reanudar",
            polite: "por favor, porfa, porfavor, gracias, muchas gracias, hola, buenas, ya, ahora, inmediatamente",
            closing: "saludos, un saludo, saludos cordiales, atentamente"
        ),
        OptOutLanguage(
            "Portuguese",
            stop: """
                parar, pare, parem, pare já, pare com isso, chega, basta, sair, cancelar, cancele, \
                cancelar inscrição, cancelamento, descadastrar, me descadastre, remover, me remova, \
                não me escreva, não me escreva mais, não me envie mais, não envie mais, não mande mais, \
                não quero mais, não quero mais mensagens, sem mais mensagens, pare de me enviar mensagens, \
                pare de mandar mensagens, me deixe em paz, não tenho interesse, encerrar
                """,
            no: "não, não obrigado, não obrigada",
            start: "iniciar, começar, retomar, voltar",
            polite: """
                por favor, por gentileza, obrigado, obrigada, muito obrigado, olá, oi, agora, já, imediatamente, \
                isso
                """,
            closing: "atenciosamente, abraço, abraços, cumprimentos, com os melhores cumprimentos"
        ),
        OptOutLanguage(
            "Italian",
            stop: """
                basta, basta così, fermati, fermatevi, si fermi, smetti, smettila, smettetela, la smetta, \
                smettere, smetti di scrivermi, smettete di scrivermi, cancellami, cancellatemi, cancella, \
                cancellare, cancellazione, disiscrivimi, disiscrivetemi, disiscrizione, annulla, annullare, \
                non scrivermi, non scrivermi più, non scrivetemi, non scrivetemi più, non mandarmi più messaggi, \
                niente più messaggi, lasciami in pace, lasciatemi in pace, non mi interessa, rimuovimi
                """,
            no: "no, no grazie",
            start: "inizia, iniziare, riprendi, riprendere, avvia, ricomincia",
            polite: "per favore, per piacere, per cortesia, grazie, grazie mille, ciao, salve, subito, ora, adesso",
            closing: "saluti, cordiali saluti, distinti saluti"
        ),
        OptOutLanguage(
            "Romanian",
            stop: """
                oprește, opriți, oprește-te, opriți-vă, oprire, ajunge, destul, dezabonare, dezabonează-mă, \
                dezabonați-mă, anulează, anulare, renunț, nu-mi mai scrie, nu-mi mai scrieți, nu mai scrie, \
                nu mai scrieți, nu mai trimite, nu mai trimiteți, lasă-mă în pace, lăsați-mă în pace, \
                nu mă interesează
                """,
            no: "nu mulțumesc",
            start: "începe, pornește, reia, reluare",
            polite: "te rog, vă rog, mulțumesc, mersi, acum, imediat, bună",
            closing: "cu stimă, salutări"
        ),
    ]
}
