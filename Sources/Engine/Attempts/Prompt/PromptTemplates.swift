import Foundation
import Mustache

/// The texts that agents get, as mustache templates that a repository can put its own in place of.
package struct PromptTemplates: Sendable {
  /// Directories of templates, the first that has a name wins.
  package let directories: [String]

  package init(directories: [String]) { self.directories = directories }

  package enum Problem: Error, CustomStringConvertible {
    case missing(String, [String])
    case broken(String, String)

    package var description: String {
      switch self {
      case .missing(let name, let places):
        "the prompt template \(name).md is not there (looked in \(places.joined(separator: ", "))); "
          + "install lanekeeper again"
      case .broken(let path, let reason): "\(path) is no mustache template: \(reason)"
      }
    }
  }

  /// Fills a template with values; texts go in as they are, and runs of empty lines become one.
  package func render(_ name: String, _ values: [String: Any]) throws -> String {
    for directory in directories {
      let path = "\(directory)/\(name).md"
      guard let data = FileManager.default.contents(atPath: path) else { continue }
      let text = "{{% CONTENT_TYPE: TEXT}}\n" + String(decoding: data, as: UTF8.self)
      do {
        let result = try MustacheTemplate(string: text).render(values)
        return result.replacing(/\n{3,}/) { _ in "\n\n" }
          .trimmingCharacters(in: .whitespacesAndNewlines) + "\n"
      } catch {
        throw Problem.broken(path, "\(error)")
      }
    }
    throw Problem.missing(name, directories)
  }
}
