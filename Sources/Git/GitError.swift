import CLibgit2
import Foundation
import Processes

/// libgit2's result codes; an unknown one survives.
package struct GitErrorCode: RawRepresentable, Hashable, Sendable {
  package let rawValue: Int32
  package init(rawValue: Int32) { self.rawValue = rawValue }

  package static let notFound = GitErrorCode(rawValue: GIT_ENOTFOUND.rawValue)
  package static let exists = GitErrorCode(rawValue: GIT_EEXISTS.rawValue)
  package static let modified = GitErrorCode(rawValue: GIT_EMODIFIED.rawValue)
  package static let locked = GitErrorCode(rawValue: GIT_ELOCKED.rawValue)
  package static let owner = GitErrorCode(rawValue: GIT_EOWNER.rawValue)

  package static func ~= (pattern: GitErrorCode, value: any Error) -> Bool {
    (value as? GitError)?.code == pattern
  }
}

/// libgit2's class of an error: the part of the library that it comes from.
package struct GitErrorClass: RawRepresentable, Hashable, Sendable {
  package let rawValue: Int32
  package init(rawValue: Int32) { self.rawValue = rawValue }
}

/// An error of libgit2, with its class, code and message.
package struct GitError: Error, CustomStringConvertible, Sendable {
  package let code: GitErrorCode
  package let classification: GitErrorClass
  package let message: String
  /// The operation, as part of a sentence.
  package let operation: String

  package init(
    code: GitErrorCode, classification: GitErrorClass, message: String, operation: String
  ) {
    self.code = code
    self.classification = classification
    self.message = message
    self.operation = operation
  }

  package var description: String {
    var text = "can't \(operation): \(message) (libgit2 class \(classification.rawValue), "
    text += "code \(code.rawValue))"
    if code == .owner {
      let path = message.split(separator: "'", omittingEmptySubsequences: false).dropFirst().first
      text += "; if you trust it, run `git config --global --add safe.directory "
      text += "'\(Repository.trimmed(String(path ?? "*")))'`"
    }
    return text
  }

  /// Turns a result code into an error.
  static func check(_ code: Int32, _ operation: @autoclosure () -> String) throws(GitError) {
    guard code < 0 else { return }
    throw last(code, operation())
  }

  /// An error of the operating system, in libgit2's terms.
  static func system(_ operation: String, _ number: Int32) -> GitError {
    GitError(
      code: GitErrorCode(rawValue: GIT_ERROR.rawValue),
      classification: GitErrorClass(rawValue: Int32(GIT_ERROR_OS.rawValue)),
      message: String(cString: strerror(number)), operation: operation)
  }

  static func last(_ code: Int32, _ operation: String) -> GitError {
    let error = git_error_last()
    return GitError(
      code: GitErrorCode(rawValue: code),
      classification: GitErrorClass(rawValue: error?.pointee.klass ?? 0),
      message: error.map { String(cString: $0.pointee.message) } ?? "no message",
      operation: operation)
  }
}

/// A reference stands elsewhere than the caller expected; nothing was changed.
package struct ReferenceMismatch: Error, CustomStringConvertible, Equatable {
  package let name: String
  package let expected: ObjectID?
  package let found: ObjectID?

  package init(name: String, expected: ObjectID?, found: ObjectID?) {
    self.name = name
    self.expected = expected
    self.found = found
  }

  package var description: String {
    "\(name) is at \(found?.short ?? "nothing"), not at \(expected?.short ?? "nothing") any more"
  }
}

/// A repository in a format that libgit2 1.5 does not handle.
package struct UnsupportedRepository: Error, CustomStringConvertible, Equatable {
  package let path: String
  /// Each says what it is and what to do.
  package let reasons: [String]

  package init(path: String, reasons: [String]) {
    self.path = path
    self.reasons = reasons
  }

  package var description: String {
    "the repository \(path) can't be used: " + reasons.joined(separator: "; ")
  }
}

/// The `git` program failed.
package struct GitProgramError: Error, CustomStringConvertible, Equatable {
  package let arguments: [String]
  package let status: Int32
  package let message: String
  /// The reason for a missing status: it could not be started, or did not end by itself.
  package private(set) var failure: ProcessFailure?

  package init(arguments: [String], status: Int32, message: String) {
    self.arguments = arguments
    self.status = status
    self.message = message
  }

  /// - Parameter failure: how git ended otherwise than by exiting.
  init(arguments: [String], failure: ProcessFailure) {
    self.init(arguments: arguments, status: 127, message: "\(failure)")
    self.failure = failure
  }

  package var description: String {
    failure.map { "\($0)" }
      ?? "`git \(arguments.joined(separator: " "))` ended with \(status): \(message)"
  }
}
