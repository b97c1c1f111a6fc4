/// The static page that a confidential client's browser ends at: it shows its own address, to be copied and pasted.
///
/// It loads nothing and sends nothing; the code stays in the browser.
public enum CallbackPage {
    /// The page, without the line end behind it.
    public static let html = String(decoding: PackageResources.callback_html.dropLast(), as: UTF8.self)
}
