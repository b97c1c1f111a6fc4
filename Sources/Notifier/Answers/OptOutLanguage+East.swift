extension OptOutLanguage {
    static let slavic: [OptOutLanguage] = [
        OptOutLanguage(
            "Polish",
            stop: """
                przestań, przestańcie, proszę przestać, przestać, dość, dosyć, wystarczy, koniec, zakończ, \
                zatrzymaj, wypisz, wypisz mnie, wypiszcie mnie, proszę mnie wypisać, wypisz się, rezygnuję, \
                anuluj, nie pisz, nie piszcie, nie pisz do mnie, nie piszcie do mnie, nie pisz więcej, \
                nie piszcie więcej, proszę nie pisać, nie wysyłaj, nie wysyłajcie, nie wysyłaj więcej, \
                proszę nie wysyłać, daj mi spokój, dajcie mi spokój, odczep się
                """,
            no: "nie, nie dziękuję",
            start: "zacznij, wznów, wznowić, zapisz mnie",
            polite: "proszę, dziękuję, dzięki, już, teraz, natychmiast, cześć, dzień dobry",
            closing: "pozdrawiam, pozdrowienia, z poważaniem"
        ),
        OptOutLanguage(
            "Czech",
            stop: """
                zastav, zastavte, zastavit, přestaň, přestaňte, přestaňte psát, stačí, to stačí, konec, ukončit, \
                odhlásit, odhlaste mě, zrušit, zruš, nepiš, nepište, nepiš mi, nepište mi, už mi nepište, \
                neposílejte, neposílejte mi to, žádné další zprávy, nechte mě, nech mě být, nemám zájem
                """,
            no: "ne děkuji, ne díky",
            start: "začít, začni, obnovit, pokračovat",
            polite: "prosím, prosím vás, děkuji, díky, hned, okamžitě, už, dobrý den, ahoj",
            closing: "s pozdravem, zdraví"
        ),
        OptOutLanguage(
            "Russian",
            stop: """
                стоп, остановись, остановитесь, остановите, остановить, хватит, достаточно, прекрати, прекратите, \
                прекратить, перестань, перестаньте, перестаньте писать, отписаться, отписка, отпиши меня, \
                отпишите меня, отмена, отменить, конец, не пиши, не пишите, не пиши мне, не пишите мне, \
                не пиши больше, не пишите больше, больше не пиши, больше не пишите, больше не пишите мне, \
                не присылай, не присылайте, не присылайте больше, не отправляйте, больше не надо, не надо, \
                отстань, отстаньте, оставьте меня в покое, не интересует, удалите меня
                """,
            no: "нет, нет спасибо",
            start: "старт, начать, начни, возобновить, подписаться, продолжить",
            polite: """
                пожалуйста, пжлст, спасибо, спс, прошу, прошу вас, сейчас, немедленно, уже, больше, мне, это, \
                привет, здравствуйте
                """,
            closing: "с уважением"
        ),
        OptOutLanguage(
            "Ukrainian",
            stop: """
                стоп, зупинись, зупиніться, зупиніть, зупинити, досить, годі, припини, припиніть, припинити, \
                перестань, перестаньте, відписатися, відписка, відпиши мене, відпишіть мене, скасувати, кінець, \
                не пиши, не пишіть, не пиши мені, не пишіть мені, більше не пиши, більше не пишіть, не надсилай, \
                не надсилайте, не треба, більше не треба, дайте мені спокій, не цікавить
                """,
            no: "ні, ні дякую",
            start: "старт, почати, почни, відновити, підписатися, продовжити",
            polite: "будь ласка, дякую, прошу, зараз, негайно, вже, більше, мені, це, вітаю, привіт",
            closing: "з повагою"
        ),
    ]

    static let others: [OptOutLanguage] = [
        OptOutLanguage(
            "Turkish",
            stop: """
                dur, durun, durdur, durdurun, yeter, yeter artık, iptal, iptal et, iptal edin, abonelikten çık, \
                aboneliği iptal et, yazma, yazmayın, bana yazma, bana yazmayın, bir daha yazma, mesaj atma, \
                mesaj atmayın, mesaj gönderme, mesaj göndermeyin, gönderme, göndermeyin, istemiyorum, \
                mesaj istemiyorum, rahat bırak, beni rahat bırak, beni rahat bırakın, ilgilenmiyorum
                """,
            no: "hayır, hayır teşekkürler",
            start: "başla, başlat, başlayın, yeniden başlat",
            polite: "lütfen, teşekkürler, teşekkür ederim, sağol, sağ ol, artık, hemen, şimdi, merhaba, selam",
            closing: "saygılar, saygılarımla"
        ),
        OptOutLanguage(
            "Finnish",
            stop: """
                lopeta, lopettakaa, lopeta jo, seis, riittää, peruuta, poista minut, peru tilaus, älä kirjoita, \
                älkää kirjoittako, älä lähetä, älkää lähettäkö, ei enää, ei enää viestejä, jätä minut rauhaan
                """,
            no: "ei kiitos",
            start: "aloita, jatka",
            polite: "kiitos, ole hyvä, ystävällisesti, heti, nyt, jo, hei",
            closing: "terveisin, ystävällisin terveisin"
        ),
        OptOutLanguage(
            "Hungarian",
            stop: """
                állj, állj le, állítsd le, állítsa le, hagyd abba, hagyja abba, elég, elég volt, leiratkozás, \
                leiratkozom, leiratkozni, iratkoztasson le, mégse, ne írj, ne írjon, ne írjatok, ne írj többet, \
                ne küldj, ne küldjön, ne küldjetek, nem kérek, nem kérem, nem érdekel, hagyj békén, \
                hagyjon békén
                """,
            no: "nem köszönöm",
            start: "indít, indítás, kezdés, folytatás",
            polite: "kérem, kérlek, légy szíves, köszönöm, köszi, azonnal, most, szia",
            closing: "üdvözlettel"
        ),
        OptOutLanguage(
            "Greek",
            stop: """
                στοπ, σταμάτα, σταματήστε, σταμάτησε, διακοπή, αρκετά, φτάνει, τέλος, ακύρωση, διαγραφή, \
                απεγγραφή, μη γράφεις, μην γράφετε, μη μου γράφεις, μην στέλνεις, μην στέλνετε, μην ξαναγράψεις, \
                δεν θέλω, δεν ενδιαφέρομαι, άφησέ με ήσυχο, άφησέ με ήσυχη
                """,
            no: "όχι, όχι ευχαριστώ",
            start: "ξεκίνα, ξεκινήστε, έναρξη, συνέχεια",
            polite: "παρακαλώ, ευχαριστώ, σε παρακαλώ, σας παρακαλώ, τώρα, αμέσως, πια, γεια",
            closing: "με εκτίμηση"
        ),
        OptOutLanguage(
            "Arabic",
            stop: """
                توقف, توقفي, توقفوا, قف, وقف, إيقاف, أوقف, أوقفوا, أوقفوا الرسائل, كفى, كفاية, يكفي, خلاص, إلغاء, \
                إلغاء الاشتراك, ألغ الاشتراك, ستوب, لا ترسل, لا ترسلوا, لا ترسل لي, لا ترسلوا لي, لا تراسلني, \
                لا تراسلوني, لا تكتب لي, لا تكتبوا لي, لا أريد, لا أريد رسائل, اتركني, اتركوني
                """,
            no: "لا, لا شكرا",
            start: "ابدأ, بدء, استئناف, اشتراك",
            polite: """
                من فضلك, من فضلكم, لو سمحت, لو سمحتم, رجاء, أرجوك, شكرا, شكرا لك, شكرا لكم, الآن, فورا, مرحبا, \
                السلام عليكم
                """,
            closing: "مع التحية, تحياتي"
        ),
        OptOutLanguage(
            "Hebrew",
            stop: """
                עצור, עצרי, עצרו, תפסיק, תפסיקי, תפסיקו, להפסיק, די, מספיק, הסר, הסירו, הסר אותי, הסירו אותי, \
                להסיר, ביטול, בטל, סטופ, אל תכתוב, אל תכתבו, אל תכתוב לי, אל תכתבו לי, אל תשלח, אל תשלחו, \
                לא מעוניין, לא מעוניינת, עזבו אותי
                """,
            no: "לא, לא תודה",
            start: "התחל, התחילו, להתחיל, חידוש",
            polite: "בבקשה, אנא, תודה, תודה רבה, עכשיו, מיד, שלום",
            closing: "בברכה"
        ),
    ]

    static let asian: [OptOutLanguage] = [
        OptOutLanguage(
            "Hindi",
            stop: """
                रुको, रुकें, रुकिए, रुक जाओ, रुक जाइए, रोको, रोकें, रोकिए, बंद, बंद करो, बंद करें, बंद कीजिए, \
                बन्द करो, बन्द करें, बस, बस करो, बस कीजिए, स्टॉप, मत भेजो, मत भेजें, मत भेजिए, संदेश मत भेजो, \
                मत लिखो, मत लिखिए, और नहीं, नहीं चाहिए, हटाओ, मुझे हटाओ, रद्द करें, अनसब्सक्राइब, band karo, \
                ruko
                """,
            no: "नहीं, जी नहीं, नहीं धन्यवाद",
            start: "शुरू, शुरू करो, शुरू करें, चालू करो, स्टार्ट",
            polite: "कृपया, प्लीज़, प्लीज, धन्यवाद, शुक्रिया, अभी, तुरंत, मुझे, यह, ये, नमस्ते"
        ),
        OptOutLanguage(
            "Indonesian",
            stop: """
                berhenti, berhentilah, hentikan, setop, batal, batalkan, cukup, sudah cukup, sudahi, \
                berhenti berlangganan, jangan kirim, jangan kirim lagi, jangan kirim pesan, \
                jangan kirim pesan lagi, jangan hubungi saya, jangan hubungi saya lagi, jangan ganggu saya, \
                tidak tertarik, hapus saya
                """,
            no: "tidak, tidak terima kasih, jangan",
            start: "mulai, mulai lagi, lanjut, lanjutkan",
            polite: "tolong, mohon, silakan, terima kasih, makasih, trims, sekarang, segera, dong, ya, halo",
            closing: "salam, hormat saya"
        ),
        OptOutLanguage(
            "Vietnamese",
            stop: """
                ngừng, ngừng lại, ngừng gửi, thôi, thôi đi, hủy đăng ký, huỷ đăng ký, đủ rồi, \
                đừng gửi nữa, đừng nhắn nữa, đừng gửi tin nhắn nữa, đừng làm phiền, không nhận nữa
                """,
            no: "không cảm ơn",
            start: "bắt đầu, tiếp tục, đăng ký",
            polite: "làm ơn, vui lòng, xin, cảm ơn, cám ơn, ngay, ngay bây giờ, xin chào",
            closing: "trân trọng"
        ),
        OptOutLanguage(
            "Japanese",
            stop: """
                停止, 配信停止, 中止, 解除, 登録解除, 配信解除, 退会, 止めて, 止めろ, 止まれ, 止まって, やめて, やめろ, やめてほしい, ストップ, 送らないで, もう送らないで, \
                送信しないで, 連絡しないで, 連絡不要, もういい, もういいです, もういらない, いりません, 要りません, キャンセル, 終了, うるさい, 迷惑です
                """,
            no: "いいえ, いや, 不要, 不要です, 結構です",
            start: "開始, 再開, 配信再開, スタート, 始めて",
            polite: """
                配信, 送信, 通知, 連絡, ください, 下さい, してください, して下さい, お願いします, お願い致します, お願いいたします, お願い, どうか, を, ありがとう, \
                ありがとうございます, すみません, 今すぐ, すぐに, もう, ね, よ, して
                """
        ),
        OptOutLanguage(
            "Chinese",
            stop: """
                停, 停止, 停下, 停下来, 停下來, 停止发送, 停止發送, 停止发消息, 别发, 別發, 别发了, 別發了, 别再发, 別再發, 别再发了, 別再發了, 不要发, 不要發, 不要再发, \
                不要再發, 不要再发了, 不要再發了, 不要再发消息, 不要再發訊息, 别烦我, 別煩我, 别打扰我, 別打擾我, 请勿打扰, 請勿打擾, 勿扰, 勿擾, 退订, 退訂, 取消, 取消订阅, \
                取消訂閱, 终止, 終止, 够了, 夠了, 不感兴趣, 不感興趣, 结束, 結束
                """,
            no: "不, 不要, 不用, 不用了, 不了, 不必, 不谢谢, 不謝謝",
            start: "开始, 開始, 恢复, 恢復, 重新开始, 重新開始, 订阅, 訂閱",
            polite: "请, 請, 谢谢, 謝謝, 多谢, 多謝, 麻烦, 麻煩, 麻烦你, 麻煩你, 拜托, 拜託, 立刻, 马上, 馬上, 给我, 給我, 了, 吧, 我, 你好, 您好, 消息, 訊息"
        ),
        OptOutLanguage(
            "Korean",
            stop: """
                중지, 중단, 정지, 멈춰, 멈춰라, 멈추세요, 멈춰주세요, 그만, 그만해, 그만하세요, 그만 보내, 그만 보내세요, 그만 보내 주세요, 스톱, 스탑, 수신거부, 구독 취소, \
                구독 해지, 해지, 취소, 탈퇴, 보내지 마, 보내지 마세요, 보내지 말아 주세요, 연락하지 마, 연락하지 마세요, 메시지 보내지 마세요, 관심 없어요, 관심 없습니다, \
                필요 없어요, 필요 없습니다, 종료
                """,
            no: "아니요, 아뇨, 싫어요",
            start: "시작, 재개, 스타트, 다시 시작, 구독",
            polite: """
                해, 해요, 해주세요, 해 주세요, 하세요, 해주십시오, 주세요, 부탁합니다, 부탁드립니다, 제발, 좀, 요, 이제, 더 이상, 감사합니다, 고맙습니다, 지금, 당장, 바로, \
                안녕하세요
                """
        ),
    ]
}
