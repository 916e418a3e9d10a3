import Foundation
import GitFormats
import Synchronization

/// Reads files from a repository's packs, for several threads at once.
///
/// libgit2 unpacks the whole chain of changes anew for each object; here each link is unpacked once as long as it
/// is remembered.
final class PackedBlobs: @unchecked Sendable {
  private struct Opened {
    let index: MappedFile
    let content: MappedFile
    let pack: Pack
    let known: KnownObjects
  }

  // Only read once it is made.
  private let packs: [Opened]
  /// The pack that the last object was in.
  private let last = Atomic(0)

  /// Opens the packs of a repository, those of others that it borrows from excepted.
  init(commonDirectory: String) {
    let directory = commonDirectory + "/objects/pack"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    let budget = KnownObjects.Budget()
    packs = names.filter { $0.hasSuffix(".idx") }.sorted().compactMap { name in
      guard let index = MappedFile(directory + "/" + name),
        let content = MappedFile(directory + "/" + name.dropLast(3) + "pack"),
        let pack = Pack(index: index.bytes, pack: content.bytes)
      else { return nil }
      return Opened(index: index, content: content, pack: pack, known: KnownObjects(budget))
    }
  }

  /// Returns a file's content; `nil` where it is in no pack, or too large to be held like this.
  func content(of id: ObjectID) -> [UInt8]? {
    guard !packs.isEmpty else { return nil }
    let bytes = id.bytes
    let first = last.load(ordering: .relaxed)
    for step in packs.indices {
      let number = (first + step) % packs.count
      let opened = packs[number]
      guard opened.pack.contains(bytes) else { continue }
      if number != first { last.store(number, ordering: .relaxed) }
      guard let object = opened.pack.object(bytes, bases: opened.known), object.kind == .blob
      else { return nil }
      return object.content
    }
    return nil
  }
}

/// Remembers objects of one pack until there are too many bytes of them.
private final class KnownObjects: PackBases, Sendable {
  /// The size of the cache of all packs in bytes, less than git's (`core.deltaBaseCacheLimit`).
  final class Budget: Sendable {
    static let limit = 32 << 20
    let used = Atomic(0)
  }

  /// Larger ones are not remembered.
  private static let largest = 1 << 20

  private let budget: Budget
  private let objects = Mutex<[Int: GitObject]>([:])

  init(_ budget: Budget) { self.budget = budget }

  func object(at place: Int) -> GitObject? { objects.withLock { $0[place] } }

  func keep(_ object: GitObject, at place: Int) {
    guard object.content.count <= Self.largest else { return }
    objects.withLock { objects in
      if budget.used.load(ordering: .relaxed) > Budget.limit {
        let size = objects.values.reduce(0) { $0 + $1.content.count }
        objects.removeAll(keepingCapacity: true)
        budget.used.subtract(size, ordering: .relaxed)
      }
      guard objects.updateValue(object, forKey: place) == nil else { return }
      budget.used.add(object.content.count, ordering: .relaxed)
    }
  }
}
