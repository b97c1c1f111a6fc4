extension OptOutLanguage {
    /// Phrases that say of anything that it is not wanted.
    ///
    /// Each of them asks to stop. But before a word of ``endings`` it says that the end is not wanted: “ich möchte das
    /// nicht abbestellen”.
    static let unwillingBefore = """
        ich will das nicht, ich möchte das nicht, nicht mehr, no quiero más, no me interesa, não quero mais, \
        non mi interessa, nu mă interesează, nemám zájem, не интересует, не надо, не цікавить, не треба, \
        δεν θέλω, لا أريد, לא מעוניין, לא מעוניינת, tidak tertarik, nem kérek, nem kérem, nem érdekel
        """.split(separator: ", ").map(String.init)

    /// The same for phrases that stand after such a word: “iptal istemiyorum”.
    static let unwillingBehind = """
        istemiyorum, नहीं चाहिए, いりません, 要りません, もういらない, 필요 없어요, 필요 없습니다, 관심 없어요, 관심 없습니다
        """.split(separator: ", ").map(String.init)

    /// Names for the end of the messages: nouns, and verbs in the form that goes with these phrases.
    static let endings = """
        stoppen, aufhören, aufhoeren, beenden, abmelden, abbestellen, austragen, kündigen, abbrechen, parar, \
        detener, cancelar, cancelar suscripción, darme de baja, dar de baja, desuscribirme, terminar, sair, \
        cancelar inscrição, remover, encerrar, smettere, cancellare, cancellazione, disiscrizione, annullare, \
        oprire, dezabonare, anulare, zastavit, ukončit, odhlásit, zrušit, остановить, прекратить, отписка, \
        отписаться, отмена, отменить, зупинити, припинити, відписатися, відписка, скасувати, iptal, leiratkozás, \
        leiratkozni, διακοπή, ακύρωση, διαγραφή, απεγγραφή, إيقاف, إلغاء, إلغاء الاشتراك, להפסיק, להסיר, ביטול, \
        berhenti, berhenti berlangganan, बंद, 停止, 配信停止, 中止, 解除, 登録解除, 配信解除, 退会, キャンセル, 중지, 중단, 정지, 수신거부, 구독 취소, \
        구독 해지, 해지, 취소, 탈퇴
        """.split(separator: ", ").map(String.init)
}
