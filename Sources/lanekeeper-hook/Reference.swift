import GitFormats

/// Reads references and objects from the files that git keeps them in.
struct References {
  let place: GitPlace

  /// The branch that HEAD stands on, `refs/heads/…`; `nil` where it is detached.
  var headBranch: String? {
    guard let line = Files.line(place.gitDirectory + "/HEAD"), line.hasPrefix("ref: ") else {
      return nil
    }
    return String(line.dropFirst(5))
  }

  /// Returns the commit that HEAD stands on, in hex; `nil` on a branch that is not born.
  var head: String? {
    guard let line = Files.line(place.gitDirectory + "/HEAD") else { return nil }
    if line.hasPrefix("ref: ") { return value(String(line.dropFirst(5))) }
    return Hex.isObjectID(line) ? line : nil
  }

  /// Returns the value of a reference under `refs/`, in hex.
  func value(_ name: String, depth: Int = 0) -> String? {
    guard depth < 5, !name.isEmpty else { return nil }
    if let line = Files.line(place.commonDirectory + "/" + name) {
      if line.hasPrefix("ref: ") { return value(String(line.dropFirst(5)), depth: depth + 1) }
      return Hex.isObjectID(line) ? line : nil
    }
    return packed(name)
  }

  /// Returns what `packed-refs` says of a reference, in hex.
  func packed(_ name: String) -> String? {
    Files.read(place.commonDirectory + "/packed-refs").flatMap {
      PackedReferences.value(name, in: $0)
    }
  }

  /// Returns whether git, having packed a reference, only drops its loose copy. Before a real deletion it
  /// takes the lock of `packed-refs` first.
  func isPruned(_ change: ReferenceChange) -> Bool {
    change.isDeletion && packed(change.name) == change.old && value(change.name) == change.old
      && !Files.exists(place.commonDirectory + "/packed-refs.lock")
  }

  /// Returns whether a change moves a reference that others see, other than a new tag.
  func isWeighty(_ change: ReferenceChange) -> Bool {
    guard !change.isOfWorktree(place.worktree) else { return false }
    if change.isDeletion { return !isPruned(change) }
    let present = value(change.name)
    if change.name.hasPrefix("refs/tags/"), present == nil { return false }
    return present != change.new
  }
}
