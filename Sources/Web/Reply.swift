import Engine
import HTTPTypes
import Hummingbird
import Model

/// Builds responses with their headers.
enum Reply {
  /// Allows only the page's own files and this server.
  private static let policy = [
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
    "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    "require-trusted-types-for 'script'", "trusted-types 'none'",
  ].joined(separator: "; ")

  /// Adds the security headers.
  static func secured(_ response: Hummingbird.Response) -> Hummingbird.Response {
    var response = response
    for (name, value) in [
      ("Content-Security-Policy", policy), ("X-Content-Type-Options", "nosniff"),
      ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"),
      ("Cross-Origin-Opener-Policy", "same-origin"),
      ("Cross-Origin-Resource-Policy", "same-origin"),
      ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ] {
      if let name = HTTPField.Name(name) { response.headers[name] = value }
    }
    if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
    return response
  }

  static func json(
    _ text: String, _ request: Hummingbird.Request, status: HTTPResponse.Status = .ok
  ) -> Hummingbird.Response {
    var headers: HTTPFields = [.contentType: "application/json"]
    var bytes = Array(text.utf8)
    if bytes.count > 1024, takesGzip(request), let packed = Gzip.pack(bytes, level: 1) {
      bytes = packed
      headers[.contentEncoding] = "gzip"
    }
    headers[.vary] = "Accept-Encoding"
    return Hummingbird.Response(
      status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  static func refusal(_ refusal: Refusal, _ request: Hummingbird.Request) -> Hummingbird.Response {
    json(
      (["error": .string(refusal.text)] as JSON).text, request,
      status: .init(code: refusal.status))
  }

  static func file(
    _ file: PageFiles.File, _ request: Hummingbird.Request, isNamedByContent: Bool
  ) -> Hummingbird.Response {
    var headers: HTTPFields = [
      .contentType: file.type, .vary: "Accept-Encoding",
      .cacheControl: isNamedByContent ? "public, max-age=31536000, immutable" : "no-cache",
    ]
    var bytes = file.content
    if let packed = file.packed, takesGzip(request) {
      bytes = packed
      headers[.contentEncoding] = "gzip"
    }
    return Hummingbird.Response(
      status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  static func stream(_ body: ResponseBody) -> Hummingbird.Response {
    Hummingbird.Response(
      status: .ok,
      headers: [.contentType: "text/event-stream", .cacheControl: "no-store"], body: body)
  }

  private static func takesGzip(_ request: Hummingbird.Request) -> Bool {
    request.headers[.acceptEncoding]?.split(separator: ",").contains {
      let words = $0.split(separator: ";")
      return words.first?.drop(while: { $0 == " " }) == "gzip"
        && !words.dropFirst().contains { $0.filter { $0 != " " } == "q=0" }
    } ?? false
  }
}
