import Foundation
import TestSupport

@testable import Git

/// libgit2 shall not read the configuration of who runs the tests.
private let isolated: Void = {
  do {
    try Repository.readConfiguration(onlyFrom: "/nonexistent")
  } catch {
    fatalError("\(error)")
  }
}()

extension TestRepository {
  /// Opens the checkout, or another directory, with the repository's environment.
  func open(_ directory: String? = nil) throws -> Repository {
    _ = isolated
    return try Repository(opening: directory ?? path, environment: environment)
  }

  /// Returns the id of what a revision names.
  func id(_ revision: String) throws -> ObjectID {
    try ObjectID(hex: git("rev-parse", "--verify", revision))!
  }

  /// Makes a commit of a tree without a checkout.
  func commitTree(_ tree: ObjectID, parents: [ObjectID] = []) throws -> ObjectID {
    let options = parents.flatMap { ["-p", $0.hex] }
    return try ObjectID(hex: git(["commit-tree", "-m", "test", tree.hex] + options))!
  }
}

extension Signature {
  /// The author of every commit that a test makes through the module.
  static let test = Signature(
    name: "Test Author", email: "author@example.org", time: 981_173_106, offsetMinutes: 0)
}

/// Returns the bytes of a text.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
