import Foundation
import Git
import Store

/// Looks where an agent wrote that changed nothing on its branch.
struct WorkElsewhere {
  let lane: LaneRecord
  let attempt: AttemptRecord
  let state: StateDirectory
  /// The person's checkout; absolute.
  let checkout: String
  let environment: [String: String]

  /// Returns the end of a sentence that begins with "no changes"; `nil` where nothing was found.
  func words() -> String? {
    var found = stat()
    if lstat(lane.path + "/.git", &found) == 0, found.st_mode & S_IFMT == S_IFDIR {
      return
        "its lane's .git was replaced by another repository, whose commits are on no branch here"
    }
    let ignored = listed(
      ["ls-files", "-o", "-i", "--exclude-standard", "--directory", "-z"], in: lane.path)
    let new = ignored.filter { isNew(lane.path + "/" + $0, depth: 3) }
    if !new.isEmpty { return "it wrote \(Self.list(new)), which git ignores" }
    let changed =
      listed(
        ["-c", "core.fsmonitor=false", "diff", "--name-only", "-z", "HEAD"], in: checkout)
      + listed(["ls-files", "-o", "--exclude-standard", "-z"], in: checkout)
    let touched = changed.filter { isNew(checkout + "/" + $0, depth: 0) }
    guard !touched.isEmpty else { return nil }
    return "meanwhile \(Self.list(touched)) changed in the checkout \(checkout), outside its lane"
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(4).joined(separator: ", ") + (names.count > 4 ? ", …" : "")
  }

  private func listed(_ arguments: [String], in directory: String) -> [String] {
    guard
      let result = try? GitProgram.run(
        arguments, directory: directory, environment: environment,
        adding: ["GIT_OPTIONAL_LOCKS": "0"]), result.status == 0
    else { return [] }
    return result.output.split(separator: 0).prefix(2000).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  /// Returns whether something at a path was written since the attempt began.
  private func isNew(_ path: String, depth: Int) -> Bool {
    var left = 500
    return isNew(path, depth: depth, &left)
  }

  private func isNew(_ path: String, depth: Int, _ left: inout Int) -> Bool {
    var found = stat()
    let plain = path.hasSuffix("/") ? String(path.dropLast()) : path
    guard left > 0, lstat(plain, &found) == 0 else { return false }
    left -= 1
    let time = Int64(found.st_mtim.tv_sec) * 1000 + Int64(found.st_mtim.tv_nsec) / 1_000_000
    if time >= attempt.startedAt { return true }
    guard depth > 0, found.st_mode & S_IFMT == S_IFDIR else { return false }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: plain)) ?? []
    for name in names.sorted() where isNew("\(plain)/\(name)", depth: depth - 1, &left) {
      return true
    }
    return false
  }
}
