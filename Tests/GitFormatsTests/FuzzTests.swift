import Foundation
import GitFormats
import Model
import TestSupport
import Testing

/// Bytes that nobody meant: each parser must answer, with a value that holds what it promises.
///
/// `LANEKEEPER_FUZZ` sets the number of inputs for each; `make fuzz` uses a million.
@Suite(.bounded) struct FuzzTests {
  private let count = Int(ProcessInfo.processInfo.environment["LANEKEEPER_FUZZ"] ?? "") ?? 4000
  private let seed = UInt64(ProcessInfo.processInfo.environment["LANEKEEPER_SEED"] ?? "") ?? 1

  @Test func fuzz_pathsNeverLeaveTheRepository() throws {
    var random = Mutator(seed: seed)
    var accepted = 0
    for _ in 0..<count {
      let raw = random.path()
      guard let path = try? ClaimPath(normalising: raw) else { continue }
      accepted += 1
      let parts = path.bytes.split(separator: 0x2f, omittingEmptySubsequences: false)
      let isInside =
        !path.bytes.isEmpty && path.bytes.count <= 4096 && !path.bytes.contains(0)
        && parts.allSatisfy { part in
          !part.isEmpty && !part.elementsEqual([0x2e]) && !part.elementsEqual([0x2e, 0x2e])
        }
      #expect(isInside, "\(raw) gave \(path.bytes)")
      let first = parts[0].map { $0 >= 0x41 && $0 <= 0x5a ? $0 + 32 : $0 }
      #expect(first != Array(".git".utf8), "\(raw)")
      // Normalising again changes nothing.
      let again = try ClaimPath(normalising: path.bytes + (path.isSubtree ? [0x2f] : []))
      #expect(again == path, "\(raw)")
      // The plain way to read a path agrees.
      #expect(Self.naive(raw) == path.bytes, "\(raw)")
    }
    #expect(accepted > count / 20)
  }

  /// Walks the components one by one, as a file system would without links.
  private static func naive(_ raw: [UInt8]) -> [UInt8]? {
    var place: [[UInt8]] = []
    var current: [UInt8] = []
    for byte in raw + [0x2f] {
      if byte != 0x2f {
        current.append(byte)
        continue
      }
      if current == [0x2e, 0x2e] {
        if place.isEmpty { return nil }
        place.removeLast()
      } else if !current.isEmpty, current != [0x2e] {
        place.append(current)
      }
      current = []
    }
    return Array(place.joined(separator: [0x2f]))
  }

  @Test func fuzz_theIndex() throws {
    var random = Mutator(seed: seed &+ 1)
    let samples = [Sample.index(version: 2), Sample.index(version: 3), Sample.index(version: 4)]
    let tree = String(repeating: "ab", count: 20)
    for sample in samples { #expect(IndexTree.root(sample) == tree) }
    for _ in 0..<count {
      let input = random.mutate(samples[random.below(samples.count)])
      if let root = IndexTree.root(input) { #expect(Hex.isObjectID(root)) }
    }
  }

  @Test func fuzz_looseObjectsAndCommits() throws {
    var random = Mutator(seed: seed &+ 2)
    let text = Sample.commit
    let packed = Sample.stored(Array("commit \(text.count)\u{0}".utf8) + text)
    #expect(CommitHeader(text)?.parents.count == 2)
    #expect(GitObject(loose: packed).flatMap(CommitHeader.init) == CommitHeader(text))
    for turn in 0..<count {
      let commit =
        turn % 2 == 0
        ? CommitHeader(random.mutate(text))
        : GitObject(loose: random.mutate(packed)).flatMap(CommitHeader.init)
      guard let commit else { continue }
      #expect(Hex.isObjectID(commit.tree) && commit.parents.allSatisfy(Hex.isObjectID))
    }
  }

  @Test func fuzz_treesAndTheirDifference() throws {
    var random = Mutator(seed: seed &+ 5)
    let (one, other) = (Sample.tree(1), Sample.tree(2))
    let ids = (1...3).map { [UInt8](repeating: UInt8($0), count: 20) }
    #expect(TreeDiff.paths(ids[0], ids[1]) { $0 == ids[0] ? one : other }?.count == 2)
    for _ in 0..<count {
      let (a, b) = (random.mutate(one), random.mutate(other))
      // The third stands below both: a tree that holds itself comes to an end, too.
      var reads = 0
      let paths = TreeDiff.paths(ids[0], ids[1]) { id in
        reads += 1
        return reads > 50 ? nil : id == ids[0] ? a : id == ids[1] ? b : one
      }
      for path in paths ?? [] {
        #expect(!path.isEmpty && path.first != 0x2f && path.last != 0x2f && !path.contains(0))
      }
    }
  }

  @Test func fuzz_packs() throws {
    var random = Mutator(seed: seed &+ 6)
    let (index, pack) = Sample.pack
    let ids = (1...3).map { [UInt8](repeating: UInt8($0), count: 20) }
    func read(_ index: [UInt8], _ pack: [UInt8]) -> [GitObject?] {
      index.withUnsafeBytes { index in
        pack.withUnsafeBytes { pack in
          ids.map { Pack(index: index, pack: pack)?.object($0) }
        }
      }
    }
    let text = Array("tree with words in it".utf8)
    let changed = Array("tree with other words".utf8)
    #expect(
      read(index, pack) == [
        GitObject(kind: .tree, content: text), GitObject(kind: .tree, content: changed),
        GitObject(kind: .tree, content: changed),
      ])
    for turn in 0..<count {
      // Damage of the index is spread too thin to hit anything, so half of it goes to its end.
      let broken =
        turn % 3 == 0
        ? random.mutate(index) : index.prefix(1032) + random.mutate(Array(index.dropFirst(1032)))
      let found = turn % 2 == 0 ? read(index, random.mutate(pack)) : read(Array(broken), pack)
      for object in found.compactMap(\.self) { #expect(object.content.count <= 1 << 16) }
    }
    for _ in 0..<count {
      let delta = random.mutate(Sample.delta)
      if let result = ObjectDelta.apply(delta, to: text) { #expect(result.count < 1 << 26) }
    }
  }

  @Test func fuzz_linesOfReferenceTransaction() throws {
    var random = Mutator(seed: seed &+ 3)
    let sample = Sample.changes
    #expect(ReferenceChange.read(sample)?.count == 4)
    for _ in 0..<count {
      let input = random.mutate(sample)
      guard let changes = ReferenceChange.read(input) else { continue }
      // Nothing is let through unread.
      #expect(changes.count == input.split(separator: 0x0a).count)
      for change in changes {
        let parts = change.name.utf8.split(separator: 0x2f, omittingEmptySubsequences: false)
        #expect(
          parts.allSatisfy { !$0.isEmpty && $0.first != 0x2e } && !change.name.utf8.contains(0),
          "\(change.name) reads another file")
        if change.isOfWorktree("lane-1") {
          #expect(!change.name.hasPrefix("refs/heads/") && change.name != "refs/stash")
        }
      }
    }
  }

  @Test func fuzz_packedReferences() throws {
    var random = Mutator(seed: seed &+ 4)
    let sample = Sample.packed
    #expect(PackedReferences.value("refs/heads/main", in: sample) != nil)
    for _ in 0..<count {
      let input = random.mutate(sample)
      if let value = PackedReferences.value("refs/heads/main", in: input) {
        #expect(Hex.isObjectID(value))
      }
    }
  }
}
