import CLibgit2
import Foundation

/// New objects that wait in memory until they are stored together.
///
/// libgit2 writes each object to a file of its own, and reads the directory of packs again before each,
/// to see whether another process has stored it. A chain of merges makes some thousand objects of which
/// nobody must know before the chain is written down, so they are stored once, at its end: as one pack
/// that is on the disk before its name is known, or as single files where they are few, as git does with
/// what it receives.
final class ObjectBuffer {
  /// Fewer objects than these are stored as files of their own (git's `transfer.unpackLimit`).
  static let unpackLimit = 100
  /// Prefix of temporary packs, which git's own clean-up removes after a process was killed.
  static let temporaryPrefix = "tmp_objdir-lanekeeper-"

  /// One for each object database that is to see the objects; libgit2 frees them with it.
  private var backends: [UnsafeMutablePointer<git_odb_backend>] = []
  private var waiting: [(id: ObjectID, type: git_object_t)] = []
  private var known: Set<ObjectID> = []

  init(_ databases: [OpaquePointer]) throws {
    for database in databases {
      var backend: UnsafeMutablePointer<git_odb_backend>?
      try GitError.check(git_mempack_new(&backend), "keep objects in memory")
      // It is asked before the files, whose priorities are 1 and 2.
      try GitError.check(git_odb_add_backend(database, backend, 999), "keep objects in memory")
      backends.append(backend!)
    }
  }

  /// Takes an object in.
  func add(_ content: UnsafeRawBufferPointer, type: git_object_t) throws -> ObjectID {
    var oid = git_oid()
    // An empty buffer may have no address, and libgit2 wants one.
    let start = content.baseAddress ?? UnsafeRawPointer(bitPattern: 1)
    try GitError.check(git_odb_hash(&oid, start, content.count, type), "name an object")
    let id = ObjectID(oid)
    guard known.insert(id).inserted else { return id }
    for backend in backends {
      try GitError.check(
        backend.pointee.write(backend, &oid, start, content.count, type), "keep an object")
    }
    waiting.append((id, type))
    return id
  }

  /// Stores what waits. It stays in memory, too, for whoever reads on.
  func store(_ repository: Repository) throws {
    guard !waiting.isEmpty else { return }
    if waiting.count < Self.unpackLimit {
      try storeSingly(repository)
    } else {
      try storePack(repository)
    }
    waiting = []
  }

  private func storeSingly(_ repository: Repository) throws {
    // A handle that has no memory to write into.
    let plain = try Repository(
      opening: repository.commonDirectory, environment: repository.environment)
    let source = try repository.database()
    for (id, type) in waiting {
      var object: OpaquePointer?
      var oid = id.oid
      try GitError.check(git_odb_read(&object, source, &oid), "read the object \(id.short)")
      defer { git_odb_object_free(object) }
      _ = try plain.writeObject(
        UnsafeRawBufferPointer(
          start: git_odb_object_data(object), count: git_odb_object_size(object)), type: type)
    }
  }

  private func storePack(_ repository: Repository) throws {
    var path = git_buf()
    defer { git_buf_dispose(&path) }
    try GitError.check(
      git_repository_item_path(&path, repository.handle, GIT_REPOSITORY_ITEM_OBJECTS),
      "find the objects")
    let objects = Repository.trimmed(path.ptr)
    let files = FileManager.default
    let temporary = "\(objects)/\(Self.temporaryPrefix)\(getpid())-\(UInt32.random(in: 0 ... .max))"
    try files.createDirectory(atPath: temporary, withIntermediateDirectories: false)
    defer { try? files.removeItem(atPath: temporary) }
    var builder: OpaquePointer?
    try GitError.check(git_packbuilder_new(&builder, repository.handle), "make a pack")
    defer { git_packbuilder_free(builder) }
    for (id, _) in waiting {
      var oid = id.oid
      try GitError.check(git_packbuilder_insert(builder, &oid, nil), "pack the object \(id.short)")
    }
    try GitError.check(git_packbuilder_write(builder, temporary, 0, nil, nil), "write a pack")
    let packs = objects + "/pack"
    try files.createDirectory(atPath: packs, withIntermediateDirectories: true)
    // The index comes last: without it nobody takes the pack for one.
    let made = try files.contentsOfDirectory(atPath: temporary)
    let names =
      made.filter { !$0.hasSuffix(".idx") } + made.filter { $0.hasSuffix(".idx") }
    for name in names { try Self.synchronise("\(temporary)/\(name)") }
    for name in names where rename("\(temporary)/\(name)", "\(packs)/\(name)") != 0 {
      throw GitError.system("store the pack \(name)", errno)
    }
    try Self.synchronise(packs)
  }

  /// Waits until a file or a directory is on the disk.
  private static func synchronise(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw GitError.system("open \(path)", errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw GitError.system("write \(path) to the disk", errno) }
  }
}
