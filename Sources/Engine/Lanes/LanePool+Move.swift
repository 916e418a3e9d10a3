import Foundation
import Git
import Processes
import Store

extension LanePool {
  /// Finds the lanes again after a person has moved the repository, with them or without, and ties them to
  /// it again.
  ///
  /// git keeps the way from a worktree to its repository, and back, as absolute paths. A lane that another
  /// repository has, of which this one is a copy, is left to that one. To be called while nobody else works on
  /// this repository.
  ///
  /// - Returns: what was found, a line each.
  package func followMove() throws -> [String] {
    var lines: [String] = []
    for lane in try store.lanes() {
      switch place(of: lane) {
      case .right: continue
      case .here:
        guard try tie(lane) else { continue }
        lines.append("lane \(lane.number) belongs to the repository again, which was moved")
      case .moved(let path):
        var lane = lane
        lane.path = path
        try store.moveLane(lane.number, to: path)
        _ = try tie(lane)
        lines.append("lane \(lane.number) was moved, too; it stands at \(path)")
      case .gone(let path):
        try store.moveLane(lane.number, to: path)
        lines.append("lane \(lane.number) is not where it was; it is made again at \(path)")
      }
    }
    return lines
  }

  private enum Place {
    /// As the state file has it, or nothing is there yet.
    case right
    /// In its place, but tied to where the repository was.
    case here
    case moved(String)
    /// Nowhere, or it is another repository's; it is to be made at this path.
    case gone(String)
  }

  private func place(of lane: LaneRecord) -> Place {
    let usual = "\(settings.directory)/\(lane.number)"
    switch owner(of: lane.path, lane) {
    case .us, .unclear: return .right
    case .nobody: return .here
    case .another: return lane.path == usual ? .right : .gone(usual)
    case .noLane: break
    }
    guard !FileManager.default.fileExists(atPath: lane.path), lane.path != usual else {
      return .right
    }
    switch owner(of: usual, lane) {
    case .us, .nobody: return .moved(usual)
    case .another, .unclear: return .right
    case .noLane: return FileManager.default.fileExists(atPath: usual) ? .right : .gone(usual)
    }
  }

  private enum Owner {
    case us, nobody, another, unclear, noLane
  }

  /// Returns the owner of a worktree, by its `.git` file.
  private func owner(of path: String, _ lane: LaneRecord) -> Owner {
    guard
      let text = RegularFile.read(path + "/.git", most: 1 << 16)
        .map({ String(decoding: $0, as: UTF8.self) }), text.hasPrefix("gitdir: ")
    else { return .noLane }
    let named = text.dropFirst(8).trimmingCharacters(in: .whitespacesAndNewlines)
    if resolved(named) == resolved(administration(lane)) { return .us }
    guard (named as NSString).lastPathComponent == lane.name else { return .unclear }
    return FileManager.default.fileExists(atPath: named) ? .another : .nobody
  }

  private func administration(_ lane: LaneRecord) -> String {
    state.commonDirectory + "/worktrees/" + lane.name
  }

  /// Writes the way from a lane to the repository and back.
  ///
  /// - Returns: whether the repository knows the lane; where not, it is made anew when it is needed.
  private func tie(_ lane: LaneRecord) throws -> Bool {
    let administration = administration(lane)
    guard FileManager.default.fileExists(atPath: administration) else { return false }
    try Data((lane.path + "/.git\n").utf8).write(
      to: URL(fileURLWithPath: administration + "/gitdir"), options: .atomic)
    try writeLink(lane, to: administration)
    return true
  }

  /// Writes the `.git` file of a lane, its way to the repository.
  func writeLink(_ lane: LaneRecord, to administration: String) throws {
    try Data("gitdir: \(administration)\n".utf8).write(
      to: URL(fileURLWithPath: lane.path + "/.git"), options: .atomic)
  }
}
