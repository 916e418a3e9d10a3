import Foundation

/// The files of the page in memory, under names that change with their content.
struct PageFiles: Sendable {
  struct File: Sendable {
    let content: [UInt8]
    /// The compressed content; `nil` if that is not shorter.
    let packed: [UInt8]?
    let type: String
  }

  /// The page itself.
  let index: File
  /// The files by request path; no others are served.
  let assets: [String: File]

  /// - Parameter directories: the first is used.
  init(_ directories: [String]) throws {
    guard let directory = directories.first else {
      throw MissingPage(reason: "templates/ui is not installed; install lanekeeper again")
    }
    let names = try FileManager.default.subpathsOfDirectory(atPath: directory).sorted()
    var contents: [(name: String, bytes: [UInt8])] = []
    for name in names where Self.types[(name as NSString).pathExtension] != nil {
      guard let data = FileManager.default.contents(atPath: directory + "/" + name) else {
        continue
      }
      contents.append((name, Array(data)))
    }
    guard let page = contents.first(where: { $0.name == "index.html" }) else {
      throw MissingPage(reason: "\(directory)/index.html is not there; install lanekeeper again")
    }
    // Modules name each other by relative paths, so that one name for all of them is enough.
    let tree = SHA256.hex(contents.flatMap { Array("\($0.name)\n".utf8) + $0.bytes }).prefix(16)
    index = Self.file(
      "index.html",
      Array(
        String(decoding: page.bytes, as: UTF8.self)
          .replacing("\"/assets/", with: "\"/assets/\(tree)/").utf8))
    assets = Dictionary(
      contents.filter { $0.name != "index.html" }.map {
        ("/assets/\(tree)/\($0.name)", Self.file($0.name, $0.bytes))
      }, uniquingKeysWith: { first, _ in first })
  }

  private static let types = [
    "html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8", "svg": "image/svg+xml",
  ]

  private static func file(_ name: String, _ bytes: [UInt8]) -> File {
    let packed = Gzip.pack(bytes, level: 9)
    return File(
      content: bytes, packed: packed.flatMap { $0.count < bytes.count ? $0 : nil },
      type: types[(name as NSString).pathExtension] ?? "application/octet-stream")
  }
}

/// The page's files are not installed.
struct MissingPage: Error, CustomStringConvertible {
  let reason: String
  var description: String { reason }
}
