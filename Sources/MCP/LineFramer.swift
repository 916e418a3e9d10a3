/// Cuts a stream of bytes into lines, however the bytes arrive, with memory that stays bounded.
struct LineFramer: Sendable {
  /// A line, or what is known of one that was too long to keep.
  enum Line: Sendable, Equatable {
    case text([UInt8])
    /// The line was longer than the limit and has been dropped.
    case tooLong
  }

  /// The most bytes of one line.
  let limit: Int
  private var partial: [UInt8] = []
  private var isDropping = false

  init(limit: Int = 4 << 20) { self.limit = limit }

  /// Takes bytes and returns the lines that they complete, without line ends; empty ones are skipped.
  mutating func push(_ bytes: some Collection<UInt8>) -> [Line] {
    var lines: [Line] = []
    var rest = bytes[...]
    while let end = rest.firstIndex(of: 0x0a) {
      keep(rest[..<end])
      if let line = finish() { lines.append(line) }
      rest = rest[rest.index(after: end)...]
    }
    keep(rest)
    return lines
  }

  /// Returns what stands behind the last line end, once the stream has ended.
  mutating func end() -> Line? { finish() }

  private mutating func keep(_ bytes: some Collection<UInt8>) {
    guard !isDropping else { return }
    if partial.count + bytes.count > limit {
      isDropping = true
      partial = []
    } else {
      partial.append(contentsOf: bytes)
    }
  }

  private mutating func finish() -> Line? {
    defer {
      partial = []
      isDropping = false
    }
    if isDropping { return .tooLong }
    if partial.last == 0x0d { partial.removeLast() }
    return partial.allSatisfy { $0 == 0x20 || $0 == 0x09 } ? nil : .text(partial)
  }
}
