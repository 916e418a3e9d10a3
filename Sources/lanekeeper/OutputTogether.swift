import Engine
import Processes
import Synchronization

/// Keeps the lines of a recipe together where make was asked to (`-O`): make itself leaves that to
/// recipes that begin with `+`.
final class OutputTogether: Sendable {
  private let lines = Mutex<[String]>([])

  init?(_ flags: MakeFlags) {
    guard flags.outputSync == "target" || flags.outputSync == "recurse" else { return nil }
  }

  /// Prints at once what waits for a person.
  func add(_ new: [String], _ event: RunEvent) {
    lines.withLock { $0 += new }
    if case .waiting = event { flush() }
  }

  func flush() {
    let text = lines.withLock { lines in
      defer { lines = [] }
      return lines.map { Terminal.guarded($0) + "\n" }.joined()
    }
    if !text.isEmpty { Terminal.write(text) }
  }
}
