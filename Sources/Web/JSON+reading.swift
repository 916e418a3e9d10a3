import Engine
import Model

/// Reading a request's body; what has another kind is a clear error, and `null` counts as absent.
extension JSON {
  /// True if a member is present, even as `null`.
  func has(_ name: String) -> Bool { self[name] != nil }

  func string(_ name: String) throws -> String? { try read(name, "a text") { $0.string } }

  func needed(_ name: String) throws -> String {
    guard let text = try string(name), !text.isEmpty else {
      throw Failure("\(name) is missing", status: 64)
    }
    return text
  }

  func integer(_ name: String) throws -> Int? {
    try read(name, "a whole number") { $0.integer.flatMap { Int(exactly: $0) } }
  }

  func double(_ name: String) throws -> Double? { try read(name, "a number") { $0.number } }

  func flag(_ name: String) throws -> Bool { try read(name, "true or false") { $0.bool } ?? false }

  func strings(_ name: String) throws -> [String]? {
    try read(name, "a list of texts") { $0.strings }
  }

  func objects(_ name: String) throws -> [JSON] { try read(name, "a list") { $0.array } ?? [] }

  private func read<T>(_ name: String, _ kind: String, _ take: (JSON) -> T?) throws -> T? {
    guard let value = self[name], value != .null else { return nil }
    guard let taken = take(value) else { throw Failure("\(name) has to be \(kind)", status: 64) }
    return taken
  }
}
