/// The static page that a confidential client's browser ends at: it shows its own address, to be copied and pasted.
///
/// It loads nothing and sends nothing; the code stays in the browser.
package enum CallbackPage {
    /// The page, without the line end behind it.
    package static let html = String(decoding: PackageResources.callback_html.dropLast(), as: UTF8.self)
}
