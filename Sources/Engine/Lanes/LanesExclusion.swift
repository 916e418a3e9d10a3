import Foundation
import Git

/// Keeps lanes that stand inside a checkout out of what git sees there: it would take each for a repository
/// within the repository.
package enum LanesExclusion {
  /// Adds the lanes' directory to `info/exclude` of the repository in whose checkout it lies, unless it is
  /// ignored there already.
  ///
  /// - Returns: what was changed, a sentence; `nil` where nothing had to be.
  package static func ensure(_ lanes: String, environment: [String: String]) -> String? {
    var place = (lanes as NSString).deletingLastPathComponent
    while !FileManager.default.fileExists(atPath: place), place.count > 1 {
      place = (place as NSString).deletingLastPathComponent
    }
    guard let repository = try? Repository(at: place, environment: environment),
      let top = repository.workingDirectory,
      let path = relative(lanes, to: top, existing: place)
    else { return nil }
    let ignored = try? repository.git(["check-ignore", "-q", "--no-index", path + "/lane"])
    guard let ignored, ignored.status == 1 else { return nil }
    let file = repository.commonDirectory + "/info/exclude"
    do {
      try FileManager.default.createDirectory(
        atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      func add(_ text: inout [UInt8]) -> Bool {
        if let last = text.last, last != 0x0a { text.append(0x0a) }
        text += Array((pattern(path) + "\n").utf8)
        return true
      }
      var text = [UInt8](FileManager.default.contents(atPath: file) ?? Data())
      _ = add(&text)
      try Data(text).write(to: URL(fileURLWithPath: file), options: .atomic)
      try SharedConfiguration.follow(
        StateDirectory(commonDirectory: repository.commonDirectory), file: "info/exclude",
        change: add)
    } catch {
      return
        "the lanes stand in the checkout \(top), where git shows them as untracked: \(file) can't be written; "
        + "add \(pattern(path)) to its .gitignore"
    }
    return "the lanes stand in the checkout \(top), so \(pattern(path)) was added to \(file)"
  }

  /// The lanes' path from the top of a checkout; `nil` where it is not below it.
  private static func relative(_ lanes: String, to top: String, existing: String) -> String? {
    func resolved(_ path: String) -> String {
      guard let pointer = realpath(path, nil) else { return path }
      defer { free(pointer) }
      return String(cString: pointer)
    }
    let full = resolved(existing) + lanes.dropFirst(existing == "/" ? 0 : existing.count)
    let start = resolved(top) + "/"
    guard full.hasPrefix(start), full.count > start.count else { return nil }
    return String(full.dropFirst(start.count))
  }

  /// A line of an ignore file that means exactly this directory.
  private static func pattern(_ path: String) -> String {
    var result = "/"
    for character in path {
      if "\\*?[".contains(character) { result.append("\\") }
      result.append(character)
    }
    return result + "/"
  }
}
