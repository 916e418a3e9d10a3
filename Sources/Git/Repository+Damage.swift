import CLibgit2
import Foundation
import Processes

// Objects that a failing disk, a power cut or a program has damaged. git checks what it reads only where it
// reads it, so a branch may stand for long on what is gone.
extension Repository {
  /// Returns whether an object is there and has the content that its name says. False may also tell that this process
  /// lacks memory or descriptors.
  private func isReadable(_ id: ObjectID) throws -> Bool {
    var object: OpaquePointer?
    var oid = id.oid
    defer { git_odb_object_free(object) }
    return git_odb_read(&object, try database(), &oid) == 0
  }

  /// Asks git, in a process of its own, for what could not be read here: nothing counts as lost that another can read.
  private func confirmed(_ ids: Set<ObjectID>) throws -> [ObjectID] {
    try ids.sorted().filter { id in
      let type = try git(["cat-file", "-t", id.hex])
      guard type.status == 0 else { return true }
      let content = try git(["cat-file", type.text, id.hex])
      guard content.status == 0 else { return true }
      let named = try git(
        ["hash-object", "-t", type.text, "--literally", "--stdin"], input: content.output)
      return named.text != id.hex
    }
  }

  /// Lists what can't be read of a history: commits, directories and files that one of its commits has made.
  ///
  /// - Parameter known: commits that are not looked at, nor what is before them.
  package func unreadable(from tip: ObjectID, besides known: Set<ObjectID>) throws -> [ObjectID] {
    var found: Set<ObjectID> = []
    var seen = known
    var open = [tip]
    while let id = open.popLast() {
      guard seen.insert(id).inserted else { continue }
      guard try isReadable(id), let commit = try? commit(id) else {
        found.insert(id)
        continue
      }
      open += commit.parents
      try lookAt(commit, &found)
    }
    return try confirmed(found)
  }

  private func lookAt(_ commit: Commit, _ found: inout Set<ObjectID>) throws {
    let before = commit.parents.first.flatMap { try? self.commit($0).tree }
    try lookAt(commit.tree, before: before, &found)
  }

  /// Lists what can't be read of what a history has beyond some commits; quick where these are near.
  package func unreadable(from tip: ObjectID, beyond ends: [ObjectID]) throws -> [ObjectID] {
    guard let commits = try? commits(from: tip, excluding: ends) else {
      // A walk ends with the first commit that it can't read.
      return try unreadable(
        from: tip, besides: ends.reduce(into: []) { $0.formUnion(try history(from: $1)) })
    }
    var found: Set<ObjectID> = []
    for commit in commits { try lookAt(commit, &found) }
    return try confirmed(found)
  }

  /// Returns the commit on which a reference stands and all before it.
  ///
  /// - Throws: ``GitProgramError`` where not all of these commits can be read.
  package func history(of reference: String) throws -> Set<ObjectID> {
    try self.reference(reference).map { try history(from: $0) } ?? []
  }

  private func history(from tip: ObjectID) throws -> Set<ObjectID> {
    let arguments = ["rev-list", tip.hex]
    let walk = try git(arguments)
    guard walk.status == 0 else {
      throw GitProgramError(arguments: arguments, status: walk.status, message: walk.error)
    }
    return Set(walk.text.split(separator: "\n").compactMap { ObjectID(hex: String($0)) })
  }

  private func lookAt(_ tree: ObjectID, before: ObjectID?, _ found: inout Set<ObjectID>) throws {
    guard tree != before else { return }
    guard try isReadable(tree), let entries = try? entries(of: tree) else {
      found.insert(tree)
      return
    }
    let old = before.flatMap { try? self.entries(of: $0) } ?? [:]
    for (name, entry) in entries where entry.id != old[name]?.id && !entry.isSubmodule {
      if entry.isTree {
        let other = old[name]
        try lookAt(entry.id, before: other?.isTree == true ? other?.id : nil, &found)
      } else if try !isReadable(entry.id) {
        found.insert(entry.id)
      }
    }
  }

  /// The commits on which a reference has stood, the last one first, as its log tells.
  ///
  /// - Parameter log: the path of the log; one that is not there tells nothing.
  package func formerPlaces(in log: String) -> [ObjectID] {
    guard let data = RegularFile.read(log, most: 1 << 28) else { return [] }
    return String(decoding: data, as: UTF8.self).split(separator: "\n").reversed().flatMap { line in
      line.split(separator: " ").prefix(2).reversed().compactMap { ObjectID(hex: String($0)) }
    }.filter { $0 != .zero }
  }

  /// Moves the file of an object that can't be read to `lanekeeper/damaged`, so that the same content can be stored
  /// again.
  ///
  /// - Returns: false where there is no such file: the object is gone, or lies in a pack.
  package func setAside(_ id: ObjectID) throws -> Bool {
    let directory = commonDirectory + "/lanekeeper/damaged"
    let file = commonDirectory + "/objects/" + id.hex.prefix(2) + "/" + id.hex.dropFirst(2)
    let files = FileManager.default
    guard files.fileExists(atPath: file) else { return false }
    try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let kept = directory + "/" + id.hex
    try? files.removeItem(atPath: kept)
    try files.moveItem(atPath: file, toPath: kept)
    return true
  }
}
