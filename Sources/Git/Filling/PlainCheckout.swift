import Foundation

/// Decides whether a checkout is nothing but the stored bytes of each file.
///
/// With any doubt it is not: line ends, filters, encodings, sparse checkouts, links that are written as
/// files, and indexes of another form are left to git.
enum PlainCheckout {
  private static let off: Set<String> = ["false", "no", "off", "0"]
  private static let on: Set<String> = ["true", "yes", "on", "1"]

  /// Settings that matter to a checkout or to the index's form, with the values that change nothing.
  private static let harmless: [String: Set<String>] = [
    "core.autocrlf": off.union(["input"]),
    "core.eol": ["lf", "native"],
    "core.symlinks": on,
    "core.filemode": on,
    "core.ignorecase": off,
    "core.precomposeunicode": off,
    "core.protecthfs": off,
    "core.sparsecheckout": off,
    "core.splitindex": off,
    "core.untrackedcache": off.union(["keep"]),
    "core.sharedrepository": off.union(["umask"]),
    "core.fsync": [],
    "core.fsyncmethod": [],
    "feature.manyfiles": off,
    "index.sparse": off,
    "index.skiphash": off,
    "index.version": ["2"],
    "index.threads": off.union(["1"]),
  ]

  /// Returns whether the settings change nothing.
  ///
  /// - Parameter settings: what `git config --list -z` prints.
  static func allows(settings: [UInt8]) -> Bool {
    settings.split(separator: 0).allSatisfy { line in
      let parts = line.split(separator: 0x0a, maxSplits: 1, omittingEmptySubsequences: false)
      let key = String(decoding: parts[0], as: UTF8.self)
      guard let values = harmless[key] else { return true }
      let value = parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : "true"
      return values.contains(value.lowercased())
    }
  }

  /// Returns whether the attributes in a `.gitattributes` file leave what is written as it is stored.
  ///
  /// Every word counts, those of patterns and comments as well; `text`, `diff`, `merge`, `binary` and
  /// others change nothing as long as nobody asks for CRLF.
  static func allows(attributes text: [UInt8]) -> Bool {
    let blank: Set<UInt8> = [0x20, 0x09, 0x0a, 0x0d]
    return text.split { blank.contains($0) }.allSatisfy { word in
      var word = word
      while let first = word.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "!") {
        word = word.dropFirst()
      }
      if word.elementsEqual("eol=lf".utf8) { return true }
      return ["filter", "ident", "eol", "crlf", "working-tree-encoding"].allSatisfy {
        !word.starts(with: $0.utf8)
      }
    }
  }

  /// Returns whether git takes the name of a file or directory without a closer look: nothing that it,
  /// or another file system, could take for `.git`.
  static func allows(name: UnsafeRawBufferPointer, isLink: Bool) -> Bool {
    guard !name.isEmpty, !name.contains(0x2f) else { return false }
    if isLink, name.contains(UInt8(ascii: "~")) { return false }
    func starts(_ text: StaticString) -> Bool {
      name.count >= text.utf8CodeUnitCount
        && text.withUTF8Buffer { letters in
          zip(letters, name).allSatisfy {
            $0 == $1 || (0x41...0x5a).contains($1) && $0 == $1 | 0x20
          }
        }
    }
    if starts("git~") { return false }
    guard name[0] == UInt8(ascii: ".") else { return true }
    if name.count == 1 || name.count == 2 && name[1] == UInt8(ascii: ".") { return false }
    guard starts(".git") else { return true }
    guard !isLink, name.count > 4 else { return false }
    switch name[4] | 0x20 {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"): return true
    default: return false
    }
  }
}

extension Repository {
  /// Returns whether settings, and the attributes that stand outside of the tree, leave what is written
  /// as it is stored.
  func checksOutPlainly() throws -> Bool {
    guard let settings = try CheckoutSettings.of(self), PlainCheckout.allows(settings: settings)
    else { return false }
    let own = environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 }
    let home = environment["HOME"] ?? ""
    var files = [
      "/etc/gitattributes", "/usr/local/etc/gitattributes", "/opt/homebrew/etc/gitattributes",
      commonDirectory + "/info/attributes", gitDirectory + "/info/attributes",
      (own ?? home + "/.config") + "/git/attributes",
    ]
    for line in settings.split(separator: 0)
    where line.starts(with: "core.attributesfile\n".utf8) {
      let name = String(decoding: line.dropFirst("core.attributesfile\n".utf8.count), as: UTF8.self)
      guard name.hasPrefix("/") || name.hasPrefix("~/") else { return false }
      files.append(name.hasPrefix("~") ? home + name.dropFirst() : name)
    }
    let manager = FileManager.default
    for file in files where manager.fileExists(atPath: file) {
      guard let text = manager.contents(atPath: file),
        PlainCheckout.allows(attributes: [UInt8](text))
      else { return false }
    }
    // What stands in for another object is git's affair.
    guard (try? manager.contentsOfDirectory(atPath: commonDirectory + "/refs/replace")) ?? [] == []
    else { return false }
    return text(of: commonDirectory + "/packed-refs")?.contains(" refs/replace/") != true
  }
}
