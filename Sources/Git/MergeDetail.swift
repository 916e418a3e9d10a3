import CLibgit2

/// A merge with all that is needed to leave its conflicts in an index and in files.
package struct MergeDetail: Equatable, Sendable {
  /// One side of a conflict, as an index holds it.
  package struct Stage: Equatable, Sendable {
    package var path: [UInt8]
    package var mode: UInt32
    package var id: ObjectID
    /// 1 the base, 2 ours, 3 theirs.
    package var number: Int

    package init(path: [UInt8], mode: UInt32, id: ObjectID, number: Int) {
      self.path = path
      self.mode = mode
      self.id = id
      self.number = number
    }
  }

  /// The merged tree; files in conflict hold conflict markers.
  package var tree: ObjectID
  package var stages: [Stage]
  /// git's messages about the conflicts, and what else is to be said.
  package var message: String

  package init(tree: ObjectID, stages: [Stage] = [], message: String = "") {
    self.tree = tree
    self.stages = stages
    self.message = message
  }

  /// The paths in conflict, in the order of their bytes.
  package var paths: [[UInt8]] {
    Array(Set(stages.map(\.path))).sorted { $0.lexicographicallyPrecedes($1) }
  }

  package var isClean: Bool { stages.isEmpty }
}

extension Repository {
  /// Merges two commits by git, and keeps the conflicts.
  ///
  /// - Parameters:
  ///   - ours: a revision; it names the side in conflict markers.
  ///   - theirs: a revision.
  /// - Throws: ``GitProgramError``, also for a git older than 2.38.
  package func mergeInDetail(ours: String, theirs: String) throws -> MergeDetail {
    let arguments = [
      "-c", "merge.directoryRenames=false", "merge-tree", "--write-tree", "-z", "--messages", ours,
      theirs,
    ]
    let result = try git(arguments)
    var fields = result.output.split(separator: 0, omittingEmptySubsequences: false)[...]
    let tree = fields.popFirst().flatMap { ObjectID(hex: String(decoding: $0, as: UTF8.self)) }
    guard result.status == 0 || result.status == 1, let tree else {
      throw GitProgramError(
        arguments: arguments, status: result.status,
        message: result.error.split(separator: "\n").joined(separator: "; "))
    }
    guard result.status == 1 else { return MergeDetail(tree: tree) }
    var detail = MergeDetail(tree: tree)
    while let field = fields.popFirst(), !field.isEmpty {
      // <mode> <object> <stage> TAB <path>
      guard let tab = field.firstIndex(of: 0x09) else { continue }
      let words = String(decoding: field[..<tab], as: UTF8.self).split(separator: " ")
      guard words.count == 3, let mode = UInt32(words[0], radix: 8),
        let id = ObjectID(hex: String(words[1])), let number = Int(words[2])
      else { continue }
      detail.stages.append(
        MergeDetail.Stage(
          path: Array(field[field.index(after: tab)...]), mode: mode, id: id, number: number))
    }
    // The rest has the form that `MergeTreeOutput` reads behind its list of names.
    let rest = Array(fields.joined(separator: [0]))
    detail.message = MergeTreeOutput(Array(tree.hex.utf8) + [0, 0] + rest).message
    return detail
  }

  /// Merges three trees by git, and keeps the conflicts.
  package func mergeTreesInDetail(
    base: ObjectID, ours: ObjectID, theirs: ObjectID
  ) throws -> MergeDetail {
    if let tree = try mergeTrees(base: base, ours: ours, theirs: theirs).tree {
      return MergeDetail(tree: tree)
    }
    // git merges commits; these are reachable from nowhere and vanish with the next collection.
    let nobody = Signature(name: "lanekeeper", email: "lanekeeper@localhost", time: 0)
    func commit(_ tree: ObjectID, _ parents: [ObjectID]) throws -> ObjectID {
      try createCommit(
        tree: tree, parents: parents, message: "one side of a merge\n", author: nobody,
        committer: nobody)
    }
    let root = try commit(base, [])
    return try mergeInDetail(
      ours: try commit(ours, [root]).hex, theirs: try commit(theirs, [root]).hex)
  }

  /// Merges three contents of a file line by line.
  ///
  /// - Parameters:
  ///   - base: `nil` where both sides have made the file.
  ///   - union: keeps the lines of both sides where they are in conflict.
  /// - Returns: the merged content, and whether it holds conflict markers.
  package static func mergeContents(
    base: [UInt8]?, ours: [UInt8], theirs: [UInt8], union: Bool
  ) throws -> (content: [UInt8], hasConflict: Bool) {
    _ = setUp
    var options = git_merge_file_options()
    git_merge_file_options_init(&options, UInt32(GIT_MERGE_FILE_OPTIONS_VERSION))
    options.favor = union ? GIT_MERGE_FILE_FAVOR_UNION : GIT_MERGE_FILE_FAVOR_NORMAL
    var result = git_merge_file_result()
    defer { git_merge_file_result_free(&result) }
    func input(_ content: UnsafeBufferPointer<UInt8>) -> git_merge_file_input {
      var input = git_merge_file_input()
      git_merge_file_input_init(&input, UInt32(GIT_MERGE_FILE_INPUT_VERSION))
      // An empty array has no address, and libgit2 takes none for no file at all.
      input.ptr = content.baseAddress.map {
        UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self)
      }
      input.size = content.count
      return input
    }
    let code = (base ?? []).withUnsafeBufferPointer { baseBytes in
      ours.withUnsafeBufferPointer { ourBytes in
        theirs.withUnsafeBufferPointer { theirBytes in
          var ancestor = input(baseBytes)
          var one = input(ourBytes)
          var two = input(theirBytes)
          return git_merge_file(&result, &ancestor, &one, &two, &options)
        }
      }
    }
    try GitError.check(code, "merge two versions of a file")
    let bytes = UnsafeRawBufferPointer(start: result.ptr, count: result.len)
    return (Array(bytes), result.automergeable == 0)
  }
}
