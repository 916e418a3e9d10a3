import Foundation
import GitFormats
import TestSupport
import Testing

/// What `pre-commit` leaves for `reference-transaction`.
@Suite struct JudgementTests {
  private static let judged = Judgement(
    lane: "/with space/ü\nand newline", branch: "refs/heads/lane/1-x",
    parent: String(repeating: "12", count: 20), tree: String(repeating: "ab", count: 20),
    target: "refs/heads/main", tip: String(repeating: "cd", count: 20), starter: "12 3456",
    stamp: [0, 1, 255])

  @Test func p2_readingAStampEndsNoLockOfThisProcess() throws {
    let scratch = try TemporaryDirectory()
    let index = scratch.path("state-shm")
    try scratch.write("state", "")
    try Data(Self.head(1) + Self.head(1)).write(to: URL(fileURLWithPath: index))
    let descriptor = open(index, O_RDWR | O_CLOEXEC)
    defer { close(descriptor) }
    var lock = flock()
    lock.l_type = Int16(F_WRLCK)
    lock.l_whence = Int16(SEEK_SET)
    lock.l_start = 120
    lock.l_len = 1
    try #require(fcntl(descriptor, F_SETLK, &lock) == 0)
    // Another process asks.
    let question = """
      import fcntl, os, sys
      try: fcntl.lockf(os.open(sys.argv[1], os.O_RDWR), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 120)
      except OSError: sys.exit(9)
      """
    func isLocked() throws -> Bool {
      let answer = try TestProgram.run(
        ["python3", "-c", question, index], directory: scratch.path,
        environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"])
      return answer.status == 9
    }
    try #require(try isLocked())
    #expect(StateStamp(database: scratch.path("state")) != nil)
    #expect(try isLocked())
  }

  @Test func isReadAsItWasWritten() {
    #expect(Judgement(Self.judged.file) == Self.judged)
  }

  @Test func whatIsCutOffOrLongerIsNone() {
    let file = Self.judged.file
    for count in 0..<file.count { #expect(Judgement(Array(file.prefix(count))) == nil) }
    #expect(Judgement(file + [0]) == nil)
    #expect(Judgement(file + file) == nil)
    var other = Self.judged
    for wrong in ["", "ab", String(repeating: "xy", count: 20)] {
      other.tree = wrong
      #expect(Judgement(other.file) == nil)
    }
    other = Self.judged
    other.stamp = []
    #expect(Judgement(other.file) == nil)
  }

  private static func head(_ counter: UInt8, valid: UInt8 = 1, salt: UInt8 = 5) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 48)
    // The machine's order; the tests run where the lowest byte stands first.
    bytes[8] = counter
    bytes[12] = valid
    bytes[32] = salt
    return bytes
  }

  @Test func aStampTellsOneTransactionFromMore() throws {
    func stamp(_ index: [UInt8], file: [Int] = [1, 2, 3]) -> StateStamp? {
      StateStamp(file: file, index: index)
    }
    let one = try #require(stamp(Self.head(7) + Self.head(7)))
    let next = try #require(stamp(Self.head(8) + Self.head(8)))
    #expect(stamp(Self.head(7) + Self.head(7)) == one && next != one)
    #expect(stamp(Self.head(7, salt: 6) + Self.head(7, salt: 6)) != one)
    #expect(stamp(Self.head(7) + Self.head(7), file: [1, 9, 3]) != one)
    #expect(next.isNext(to: one) && !one.isNext(to: next) && !one.isNext(to: one))
    let later = try #require(stamp(Self.head(9) + Self.head(9)))
    #expect(!later.isNext(to: one))
    let moved = try #require(stamp(Self.head(8) + Self.head(8), file: [1, 9, 3]))
    #expect(!moved.isNext(to: one))
    // While it is written the two copies differ; before it is set up it says so.
    #expect(stamp(Self.head(7) + Self.head(8)) == nil)
    #expect(stamp(Self.head(7, valid: 0) + Self.head(7, valid: 0)) == nil)
    #expect(stamp(Self.head(7)) == nil && stamp([]) == nil)
  }
}
