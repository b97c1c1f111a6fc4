/// The static page to which a confidential client's browser is redirected; it shows its own address for copying.
///
/// It loads nothing and sends nothing, so the code stays in the browser.
package enum CallbackPage {
    /// The HTML without its final line break.
    package static let html = String(decoding: PackageResources.callback_html.dropLast(), as: UTF8.self)
}
