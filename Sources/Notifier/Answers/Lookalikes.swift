/// Characters that look like others.
enum Lookalikes {
    /// The letters that a character is read as.
    ///
    /// - Parameters:
    ///   - scalar: any.
    ///   - spellsByFlags: whether the letters that make up flags count as letters.
    /// - Returns: the letters; none for a character that shows nothing by itself.
    static func plain(_ scalar: Unicode.Scalar, spellsByFlags: Bool) -> [Unicode.Scalar] {
        if isDropped(scalar) { return [] }
        if !spellsByFlags, (0x1F1E6...0x1F1FF).contains(scalar.value) { return [" "] }
        return compatible(scalar).properties.lowercaseMapping.unicodeScalars.flatMap { letter -> [Unicode.Scalar] in
            if isDropped(letter) { return [] }
            if let several = ligatures[letter] { return Array(several.unicodeScalars) }
            return [designs[letter] ?? withoutAccent[Character(letter)] ?? letter]
        }
    }

    /// The Latin letter that a letter or a digit looks like; itself when it looks like none.
    static func latin(_ scalar: Unicode.Scalar) -> Unicode.Scalar { latinOfOthers[scalar] ?? scalar }

    /// The Cyrillic letter that a Latin one looks like; itself when it looks like none.
    static func cyrillic(_ scalar: Unicode.Scalar) -> Unicode.Scalar { cyrillicOfLatin[scalar] ?? scalar }

    /// Joiners, strikethrough marks, separate accents, and apostrophes, which many people leave out.
    private static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.properties.isDefaultIgnorableCodePoint || apostrophes.contains(scalar) { return true }
        switch scalar.properties.generalCategory {
        case .format, .enclosingMark: return true
        default: break
        }
        // Indic vowel signs, nukta, virama and the voicing marks of Kana make different letters; all others are
        // accents.
        return switch scalar.properties.canonicalCombiningClass.rawValue {
        case 1...6, 10...36, 200...: true
        default: false
        }
    }

    private static let apostrophes: Set<Unicode.Scalar> = [
        "'", "’", "‘", "ʼ", "ʻ", "′", "`", "´", "\u{0640}", "\u{05F3}",
    ]

    /// The plain form of a character of another width or design.
    ///
    /// This is Unicode's compatibility decomposition (UAX #15), as far as letters need it.
    private static func compatible(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0xFF01...0xFF5E: letter(0x21, scalar.value - 0xFF01)
        case 0xFF66...0xFF9F: halfwidth[Int(scalar.value - 0xFF66)]
        case 0x24B6...0x24CF: letter(0x61, scalar.value - 0x24B6)
        case 0x24D0...0x24E9: letter(0x61, scalar.value - 0x24D0)
        case 0x249C...0x24B5: letter(0x61, scalar.value - 0x249C)
        // Thirteen alphabets of mathematics, 26 capitals and 26 small letters each.
        case 0x1D400...0x1D6A3: letter(0x61, (scalar.value - 0x1D400) % 26)
        case 0x1D7CE...0x1D7FF: letter(0x30, (scalar.value - 0x1D7CE) % 10)
        case 0x1F110...0x1F129: letter(0x61, scalar.value - 0x1F110)
        case 0x1F130...0x1F149: letter(0x61, scalar.value - 0x1F130)
        case 0x1F150...0x1F169: letter(0x61, scalar.value - 0x1F150)
        case 0x1F170...0x1F189: letter(0x61, scalar.value - 0x1F170)
        case 0x1F1E6...0x1F1FF: letter(0x61, scalar.value - 0x1F1E6)
        default: scalar
        }
    }

    private static func letter(_ first: UInt32, _ number: UInt32) -> Unicode.Scalar {
        Unicode.Scalar(UInt8(truncatingIfNeeded: first + number))
    }

    /// U+FF66 to U+FF9F.
    private static let halfwidth = Array(
        "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン\u{3099}\u{309A}"
            .unicodeScalars
    )

    private static func pairs(_ from: String, _ to: String) -> [Unicode.Scalar: Unicode.Scalar] {
        Dictionary(zip(from.unicodeScalars, to.unicodeScalars)) { first, _ in first }
    }

    /// Letterlike symbols, small capitals, superscripts, and letters such as ı and ł that differ from others by more
    /// than an accent.
    private static let designs = pairs(
        "ℂℊℋℌℍℎℐℑℒℓℕℙℚℛℜℝℤℨℬℭℯℰℱℳℴℹ" + "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ" + "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"
            + "ıłøđħıŧſςىةٱیک",
        "cghhhhiillnpqrrrzzbceefmoi" + "abcdefghijklmnoprstuvwyz" + "abcdefghijklmnoprstuvwxyz" + "ilodhitsσيهايك"
    )

    private static let ligatures: [Unicode.Scalar: String] = [
        "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬅ": "st", "ﬆ": "st",
    ]

    /// Letters with one accent or two, with the plain letter of each.
    ///
    /// Equal characters are equal keys, whether composed or decomposed.
    private static let withoutAccent: [Character: Unicode.Scalar] = {
        var plain: [Character: Unicode.Scalar] = [:]
        func add(_ letters: String, _ accents: [String]) {
            for letter in letters.unicodeScalars {
                for accent in accents { plain[Character(String(letter) + accent)] = letter }
            }
        }
        let single = [
            "\u{300}", "\u{301}", "\u{302}", "\u{303}", "\u{304}", "\u{306}", "\u{307}", "\u{308}", "\u{309}",
            "\u{30A}",
            "\u{30B}", "\u{30C}", "\u{31B}", "\u{323}", "\u{326}", "\u{327}", "\u{328}",
        ]
        add("abcdefghijklmnopqrstuvwxyz", single)
        add("aeiouy", ["\u{302}", "\u{306}", "\u{31B}"].flatMap { first in single.map { first + $0 } })
        add("αεηιουω", ["\u{301}", "\u{308}"])
        add("аеиіуг", ["\u{301}", "\u{306}", "\u{308}"])
        add("اوي", ["\u{653}", "\u{654}", "\u{655}"])
        return plain
    }()

    private static let latinOfOthers = pairs(
        "аеѕіјкморстухԁԛԝһ" + "ορτνικυχεαηϲϳ" + "ոսօցհ" + "ɡɑʋ" + "013457$@",
        "aesijkmopctyxdqwh" + "optvikuxeancj" + "nuogh" + "gav" + "oieastsa"
    )

    private static let cyrillicOfLatin = pairs("aecopxykmthbi03", "аесорхукмтнвіоз")
}
