import CLibgit2

/// Reads the content of files from the object database as it is stored.
///
/// As git does in a checkout, it trusts zlib's checksum: libgit2's own way in hashes every object again,
/// which takes as long as everything else together. Of use to one thread.
final class StoredBlobs {
  private let repository: Repository
  private let packed: PackedBlobs
  private let backends: [UnsafeMutablePointer<git_odb_backend>]

  init(_ repository: Repository, packed: PackedBlobs) throws {
    self.packed = packed
    self.repository = repository
    let database = try repository.database()
    var backends: [UnsafeMutablePointer<git_odb_backend>] = []
    for place in 0..<git_odb_num_backends(database) {
      var backend: UnsafeMutablePointer<git_odb_backend>?
      try GitError.check(
        git_odb_get_backend(&backend, database, place), "open the object database")
      if let backend { backends.append(backend) }
    }
    self.backends = backends
  }

  /// Hands out a file's content, whole.
  func read<Result>(
    _ id: ObjectID, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    if let content = packed.content(of: id) { return try content.withUnsafeBytes(body) }
    var oid = id.oid
    for backend in backends {
      guard let read = backend.pointee.read else { continue }
      var content: UnsafeMutableRawPointer?
      var count = 0
      var type = GIT_OBJECT_INVALID
      guard read(&content, &count, &type, backend, &oid) == 0 else { continue }
      defer { git_odb_backend_data_free(backend, content) }
      guard type == GIT_OBJECT_BLOB else { throw FillPlan.NotPlain() }
      return try body(UnsafeRawBufferPointer(start: content, count: count))
    }
    throw FillPlan.NotPlain()
  }
}
