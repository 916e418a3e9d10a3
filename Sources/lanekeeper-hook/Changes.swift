import GitFormats

/// The paths that a commit changes: read from git's own files, which takes a tenth of the time that
/// starting git does, and asked of git where these have a form that is not understood.
struct Changes {
  /// The tree that the index remembers, in hex; `nil` where git has to be asked what is staged.
  private let stagedTree: String?
  private let objects: ObjectFiles

  /// - Parameter staged: tells that what is staged will be asked for.
  init(_ place: GitPlace, staged: Bool = false) {
    var directories = [place.commonDirectory + "/objects"]
    if let set = Environment.value("GIT_OBJECT_DIRECTORY"), !set.isEmpty {
      directories.insert(set, at: 0)
    }
    objects = ObjectFiles(directories)
    let index = Environment.value("GIT_INDEX_FILE") ?? place.gitDirectory + "/index"
    stagedTree = staged ? MappedFile(index).flatMap { IndexTree.root($0.bytes) } : nil
  }

  /// Returns what a commit says; `nil` where it was not found.
  func commit(_ id: String) -> CommitHeader? { objects.commit(id) }

  /// Lists the paths in which the index differs from a commit; `nil` where nobody can tell.
  ///
  /// - Parameter commit: in hex; `nil` stands for one without files.
  func staged(against commit: String?) -> [[UInt8]]? {
    if let stagedTree, let paths = read(commit, stagedTree) { return paths }
    return GitCommand.stagedPaths(against: commit ?? ObjectFiles.emptyTree)
  }

  /// Lists the paths in which two commits differ; `nil` where nobody can tell.
  ///
  /// - Parameter old: in hex; `nil` stands for one without files.
  func between(_ old: String?, _ new: String) -> [[UInt8]]? {
    if let tree = objects.commit(new)?.tree, let paths = read(old, tree) { return paths }
    return GitCommand.changedPaths(old ?? ObjectFiles.emptyTree, new)
  }

  private func read(_ commit: String?, _ tree: String) -> [[UInt8]]? {
    guard let commit else { return objects.changedPaths(nil, tree) }
    guard let old = objects.commit(commit) else { return nil }
    return objects.changedPaths(old.tree, tree)
  }
}
