/// The small file that stands under a hook's name and starts the hook program.
///
/// Each name has a file of its own, so that a hook manager that writes into one overwrites that one
/// only, never the program. The kernel starts the program by the first line, without a shell; a path that
/// can't stand there is found by a shell, from the file's own place.
package struct HookLauncher {
  /// Longer first lines are cut by kernels before 5.1.
  private static let longestLine = 126
  private static let note =
    "# Lanekeeper starts its hooks by this file. What another program writes here is kept and runs "
    + "after them; `lanekeeper hooks status` shows it."
  private static let shell = "#!/bin/sh"
  private static let call = "exec \"${0%/*}/../bin/lanekeeper-hook\" \"$0\" \"$@\""

  /// The content of the file.
  package let content: [UInt8]

  /// - Parameter program: the absolute path of the hook program.
  package init(program: String) {
    let isPlain = program.hasPrefix("/") && program.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f }
    let first = "#!" + program
    let lines =
      isPlain && first.utf8.count <= Self.longestLine
      ? [first, Self.note] : [Self.shell, Self.note, Self.call]
    content = Array((lines.joined(separator: "\n") + "\n").utf8)
  }

  /// The kind of file found under a hook's name.
  package enum Found: Equatable {
    /// A launcher, also one of a repository that was moved since.
    case launcher
    /// A launcher to which another program has added this.
    case extended([UInt8])
    /// Another program's hook.
    case foreign
  }

  /// Recognises a launcher by its content, wherever its program is.
  package static func recognise(_ content: [UInt8]) -> Found {
    var rest = content[...]
    func line() -> ArraySlice<UInt8>? {
      guard let end = rest.firstIndex(of: 0x0a) else { return nil }
      defer { rest = rest[(end + 1)...] }
      return rest[..<end]
    }
    guard let first = line(), first.starts(with: "#!".utf8), let second = line(),
      second.elementsEqual(note.utf8)
    else { return .foreign }
    if first.elementsEqual(shell.utf8) {
      guard let third = line(), third.elementsEqual(call.utf8) else { return .foreign }
    }
    return rest.isEmpty ? .launcher : .extended(Array((shell + "\n").utf8) + rest)
  }
}
