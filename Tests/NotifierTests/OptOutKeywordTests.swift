import ATProtocol
import Foundation
import Sandbox
import TestSupport
import Testing

@testable import Notifier

/// What asks to stop, however it is written, and what does not.
@Suite(.timeLimit(.minutes(2))) struct `A word to stop` {
    @Test(arguments: [
        "STOP", "stop", "Stop.", "STOP!!!", "  stop  ", "🛑 STOP", "stop 🙏", "\"STOP\"", "STOP please", "please stop",
        "Stopp", "ＳＴＯＰ", "S T O P", "STOP\u{200B}", "stop it", "stop!\nthanks", "Stop sending me these",
        "stop messaging me", "unsubscribe", "Unsubscribe me", "cancel", "quit", "end", "no", "ARRÊT", "стоп", "停止",
        "parar", "止めて", "st0p", "STOP.\n\nSent from my iPhone", "I want you to stop", "не пиши", "SToP😡😡😡",
        "s\u{336}t\u{336}o\u{336}p\u{336}", "\u{455}top",
    ]) func `is heeded in each of 36 forms`(text: String) { #expect(OptOutKeyword(text) == .stop) }

    @Test(arguments: [
        "🛑", "🛑🛑", "🚫 please", "stop stop stop", "STOOOOP", "nooooo", "No. Stop.", "No, stop", "No thanks!", "S.T.O.P",
        "s-t-o-p", "S\nT\nO\nP", "𝐒𝐓𝐎𝐏", "𝓼𝓽𝓸𝓹", "ⓢⓣⓞⓟ", "🆂🆃🅾🅿", "🇸🇹🇴🇵", "ˢᵗᵒᵖ", "ꜱᴛᴏᴘ", "ŝtöp", "$top", "5top",
        "sto\u{AD}p", "\u{202E}stop\u{202C}", "STOP 🇩🇪", "STOP\r\n\r\nthanks", "**STOP**", "“Stop”", "Un-subscribe",
        "opt-out", "Hi, please stop. Thanks", "stop!!1", "ｽﾄｯﾌﾟ", "ストッフ\u{309A}", "停止してください", "配信を停止してください",
        "请停止发送消息", "중지해 주세요", "توقّف", "cтoп", "İPTAL", "ARRE\u{302}T", "не пишите мне больше",
        "ne m’écrivez plus", "कृपया बंद करें",
    ]) func `is heeded in odder forms`(text: String) { #expect(OptOutKeyword(text) == .stop) }

    @Test(arguments: [
        "STOP\n\n> Answer STOP to get no more of these. Why?\n> [ref-abc]", "> more of these.\n\nstop",
        "Stop\n\nOn Mon, 3 May 2026 at 10:00 Impact Notifier\n<notifier@example.com> wrote:\n> Hi",
        "Stopp\n\nAm 3. Mai 2026 um 10:00 schrieb Impact Notifier:\n„Window“ – kannst du das ansehen?",
        "STOP\n-- \nJane Doe\nExample Ltd.", "Stop\n\nBest regards,\nJane Doe", "STOP. Sent from my iPhone",
        "Stopp bitte\nVon meinem iPhone gesendet", "arrêtez svp\n\nEnvoyé de mon iPad", "стоп\n\nОтправлено с айфона",
        "停止\n\niPhoneから送信", "dur\niPhone'umdan gönderildi", "stop\n\nGet Outlook for Android",
        "停\n\n发自我的 iPhone", "توقف\n\nأُرسلت من الـ iPhone", "stop\n\nEnviado desde mi Samsung Galaxy",
    ]) func `is heeded above and below what its writer did not write`(text: String) {
        #expect(OptOutKeyword(text) == .stop)
    }

    @Test(arguments: [
        "don't stop", "please don't stop", "Don’t stop!", "dont stop", "do not stop", "never stop", "can't stop",
        "don't unsubscribe", "don't cancel", "non-stop", "bus stop", "the end", "dead end", "No problem", "no idea",
        "no, keep them coming", "no, all ok", "I quit smoking", "stop the press, this is great", "keep going",
        "Stop by my office tomorrow", "I stopped reading", "thanks!", "hello", "👍", "", " ", "1",
        "nicht aufhören", "hör nicht auf", "bitte nicht stoppen", "n'arrêtez pas", "arrête pas", "no pares", "no parar",
        "no te detengas", "não pare", "não parar", "non fermarti", "non smettere", "niet stoppen", "sluta inte",
        "stop ikke", "ikke stopp", "älä lopeta", "nie przestawaj", "nie przestań", "nepřestávej", "не останавливайся",
        "не прекращай", "не стоп", "не хватит", "не зупиняйся", "durma", "lütfen durma", "μη σταματάς", "nu opriți",
        "ne állj le", "لا تتوقف", "אל תפסיק", "मत रुको", "बंद मत करो", "jangan berhenti", "đừng dừng lại", "đừng ngừng",
        "止めないで", "やめないで", "停止しないで", "不要停", "不要停止", "别停", "不停", "멈추지 마", "중지하지 마세요",
    ]) func `is none with a word that turns it round, or in another sense`(text: String) {
        #expect(OptOutKeyword(text) == nil)
    }

    @Test(arguments: [
        "Stop! Android builds fail with this patch", "stop\nAndroid builds fail with this patch", "No. I use an iPhone",
        "Stop\n\nMy phone shows it twice, look at the Android build",
    ]) func `is none beside words about a device`(text: String) { #expect(OptOutKeyword(text) == nil) }

    @Test(arguments: [
        "please\n**STOP**", "Hi\n- stop", "Hello\n— please stop", "thanks\n__stop__", "Stop\n- Jane", "Stop\n--\nJane",
    ]) func `is heeded with dashes and stars before it, which begin a signature elsewhere`(text: String) {
        #expect(OptOutKeyword(text) == .stop)
    }

    @Test(arguments: ["stop\nmute windmill", "mute windmill\n\nSTOP", "digest daily\nplease stop"])
    func `counts for more than other commands beside it`(text: String) { #expect(OwnerCommand(text) == .stop) }

    @Test func `takes no longer to find in a text of many lines than its length tells`() {
        let closings = String(repeating: "regards\n", count: 20_000)
        let time = ContinuousClock().measure { #expect(OptOutKeyword("stop\n" + closings) == nil) }
        #expect(time < .seconds(10))
    }

    @Test(arguments: [
        "can you stop?", "could you please stop ？", "STOP?", "stop⁉️", "¿parar?", "توقف؟", "How do I stop this?",
    ])
    func `is none in a question`(text: String) { #expect(OptOutKeyword(text) == nil) }

    @Test func `is none in a long text`() {
        let story = "Stop. I have read your request, and I think that the window should be mended by whoever broke it."
        #expect(OptOutKeyword(story) == nil)
        #expect(OptOutKeyword(String(repeating: "stop ", count: 10)) == .stop)
        #expect(OptOutKeyword(String(repeating: "stop ", count: 200)) == nil)
    }

    @Test func `is told from a word to start, and contradicts it`() {
        for text in ["start", "START!", "Resume", "opt in", "unstop", "start please", "старт", "ＳＴＡＲＴ", "시작해 주세요"] {
            #expect(OptOutKeyword(text) == .start, "\(text)")
        }
        for text in ["don't start", "start the engine", "start stop", "Stop. Start.", "how do I start?"] {
            #expect(OptOutKeyword(text) == nil, "\(text)")
        }
    }

    @Test func `is heeded in every language with case, signs, polite words and a signature around it`() {
        var generator = SeededGenerator(seed: randomSeed())
        for language in OptOutLanguage.all {
            for _ in 0..<10 {
                let text = Self.variant(of: language, &generator)
                #expect(OptOutKeyword(text) == .stop, "\(language.name): \(text.debugDescription)")
            }
        }
        #expect(OptOutLanguage.all.count >= 20, "200 texts at least")
    }

    @Test func `is what each phrase of the table says, and no polite word`() {
        for language in OptOutLanguage.all {
            for phrase in language.stop + language.no { #expect(OptOutKeyword(phrase) == .stop, "\(phrase)") }
            for phrase in language.start { #expect(OptOutKeyword(phrase) == .start, "\(phrase)") }
            for phrase in language.polite + language.closing { #expect(OptOutKeyword(phrase) == nil, "\(phrase)") }
        }
    }

    @Test func `is none behind a negation of its language`() {
        let negations: [String: [String]] = [
            "English": ["don't", "do not", "never"], "German": ["nicht"], "Dutch": ["niet"], "Swedish": ["inte"],
            "Danish": ["ikke"], "Norwegian": ["ikke"], "French": ["ne", "pas"], "Spanish": ["no"],
            "Portuguese": ["não"],
            "Italian": ["non"], "Romanian": ["nu"], "Polish": ["nie"], "Czech": ["ne"], "Russian": ["не"],
            "Ukrainian": ["не"], "Turkish": ["değil"], "Finnish": ["älä", "ei"], "Hungarian": ["ne", "nem"],
            "Greek": ["μη", "μην", "δεν"], "Arabic": ["لا"], "Hebrew": ["אל", "לא"], "Hindi": ["मत", "नहीं"],
            "Indonesian": ["jangan", "tidak"], "Vietnamese": ["đừng", "không"], "Japanese": ["ない"],
            "Chinese": ["不", "别", "別", "不要"], "Korean": ["안"],
        ]
        #expect(Set(negations.keys) == Set(OptOutLanguage.all.map(\.name)))
        for language in OptOutLanguage.all {
            for negation in negations[language.name] ?? [] {
                for phrase in language.stop {
                    #expect(OptOutKeyword("\(negation) \(phrase)") != .stop, "\(negation) \(phrase)")
                }
            }
        }
    }

    @Test(arguments: [
        "Ich möchte das nicht abbestellen.", "ich will das nicht stoppen", "bitte nicht mehr kündigen",
        "no quiero más cancelar", "no me interesa darme de baja", "não quero mais cancelar",
        "non mi interessa smettere", "nemám zájem zrušit",
        "не интересует отписка", "не надо отменить", "не треба скасувати", "δεν θέλω διακοπή", "لا أريد إلغاء الاشتراك",
        "לא מעוניין להפסיק", "tidak tertarik berhenti", "nem kérek leiratkozás", "iptal istemiyorum", "बंद नहीं चाहिए",
        "解除いりません", "취소 필요 없어요", "해지 관심 없습니다",
    ]) func `is none where it is what somebody does not want`(text: String) { #expect(OptOutKeyword(text) == nil) }

    @Test(arguments: [
        "Ich will das nicht. Stoppen!", "لا أريد. إلغاء", "abmelden ich will das nicht", "stop I don't want these",
        "stop unsubscribe", "хватит не надо", "iptal. istemiyorum", "🛑 istemiyorum",
    ]) func `is heeded beside a word that says the same`(text: String) { #expect(OptOutKeyword(text) == .stop) }

    @Test func `that can be what is not wanted is one of the table`() {
        let known = Set(OptOutLanguage.all.flatMap(\.stop))
        for phrase in OptOutLanguage.unwillingBefore + OptOutLanguage.unwillingBehind + OptOutLanguage.endings {
            #expect(known.contains(phrase), "\(phrase)")
        }
    }

    @Test func `is in no post of the corpus`() throws {
        guard let bytes = try Corpus.bytes("expected_v1.jsonl") else { return }
        var posts = 0
        for line in bytes.split(separator: 0x0A) {
            guard let text = try JSONValue(parsing: Array(line))["commit"]?["record"]?["text"]?.string else { continue }
            posts += 1
            #expect(OptOutKeyword(text) == nil, "\(text)")
        }
        #expect(posts > 5)
    }

    @Test func `stands in docs/delivery.md as the code has it, with what is not taken`() throws {
        var table = ["| language | asks to stop | says no | asks to start | may stand around it | ends a letter |"]
        table.append("|---|---|---|---|---|---|")
        for language in OptOutLanguage.all {
            let phrases = [language.stop, language.no, language.start, language.polite, language.closing]
            let cells = [language.name] + phrases.map { $0.joined(separator: ", ") }
            table.append("| \(cells.joined(separator: " | ")) |")
        }
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/delivery.md")
        let parts = try String(contentsOf: path, encoding: .utf8).components(separatedBy: "<!-- table: opt-out -->\n\n")
        let blocks = parts.last?.components(separatedBy: "\n\n") ?? []
        try #require(parts.count == 2 && blocks.count > 1)
        #expect(blocks[0] == table.joined(separator: "\n"))
        let refused = blocks[1].components(separatedBy: "One is taken")[0].matches(of: #/\*([^*]+)\*/#).map {
            String($0.1)
        }
        #expect(refused.count > 10)
        for word in refused { #expect(OptOutKeyword(word) == nil, "\(word)") }
    }

    /// A phrase of a language as somebody may write it.
    private static func variant(of language: OptOutLanguage, _ generator: inout SeededGenerator) -> String {
        func pick<Element>(_ elements: [Element], _ generator: inout SeededGenerator) -> Element? {
            elements.randomElement(using: &generator)
        }
        var text = pick(language.stop, &generator) ?? "stop"
        switch Int.random(in: 0..<7, using: &generator) {
        case 0: text = text.uppercased()
        case 1: text = text.capitalized
        case 2: text = wide(text)
        case 3: text = text.map { "\($0)\u{336}" }.joined()
        case 4: text = text.map { "\($0)\u{200B}" }.joined()
        case 5 where text.count <= 12 && text.allSatisfy(\.isLetter):
            text = text.map(String.init).joined(separator: " ")
        default: break
        }
        if Bool.random(using: &generator), let word = pick(language.polite, &generator) {
            text = Bool.random(using: &generator) ? "\(word), \(text)" : "\(text) \(word)"
        }
        text += pick(["", "", ".", "!", "!!!", "…", "。", "！"], &generator) ?? ""
        text = (pick(["", "", "🛑 ", "🙏", "😡😡 "], &generator) ?? "") + text
        text += pick(["", "", " 🙏", "😡", " 🇫🇷", "❤️"], &generator) ?? ""
        text +=
            pick(["", "", "\n\nSent from my iPhone", "\n-- \nJane Doe", "\n\n> Answer STOP. Why?"], &generator) ?? ""
        return text
    }

    private static func wide(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { scalar in
            (0x21...0x7E).contains(scalar.value) ? Unicode.Scalar(scalar.value + 0xFEE0) ?? scalar : scalar
        }
        return String(String.UnicodeScalarView(scalars))
    }
}
