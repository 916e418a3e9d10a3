import Backlog
import Foundation
import Model
import Processes
import Store

/// Changes `features.yml` for a person: comments, order and everything else in it stay.
package struct BacklogEditor {
  private let project: Project
  private let store: Store

  package init(_ project: Project, _ store: Store) {
    self.project = project
    self.store = store
  }

  /// Reads the file, changes its features, writes it, and lets the state take it over. Blocks.
  ///
  /// - Throws: ``Failure`` where the file, or what was to become of it, is wrong; then nothing has changed.
  package func change(_ body: (inout Backlog) throws -> Void) throws {
    var made = Backlog(features: [])
    let slots = Set(project.configuration.slots.keys)
    let isWritten = try BacklogFile(project).change { old in
      let old = old ?? "features: []\n"
      do {
        var backlog = try BacklogReader.read(text: old, file: "features.yml", slots: slots)
        let present = backlog
        try body(&backlog)
        for feature in backlog.features where !present.features.contains(feature) {
          try check(feature)
        }
        // What the reader would not take is never written.
        _ = try BacklogReader.read(
          text: BacklogWriter.yaml(backlog), file: "features.yml", slots: slots)
        made = backlog
        return try BacklogEdit.text(old, holding: backlog, file: "features.yml")
      } catch let problems as InputProblems {
        throw Failure(
          problems.problems.map { $0.message + ($0.suggestion.map { "; \($0)" } ?? "") }
            .joined(separator: "\n"), status: 65)
      }
    }
    guard isWritten else { return }
    if try !store.features().isEmpty {
      // What `schedule.detect` has found stands beside the file.
      let planned = (try? project.plannedBacklog().backlog) ?? made
      try project.takeOver(planned, into: store)
    }
    try store.record(.backlogChanged, [:])
  }

  /// Refuses a feature that a run could not read or that would break the line in which it is shown.
  private func check(_ feature: Feature) throws {
    for (name, text) in [("title", feature.title), ("category", feature.category)] {
      guard !text.allSatisfy(\.isWhitespace) else {
        throw Failure("the \(name) is empty", status: 65)
      }
      guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }),
        !text.contains(where: \.isNewline)
      else {
        throw Failure(
          "the \(name) has to be one line without control characters", status: 65)
      }
    }
    if let agent = feature.agent {
      do {
        _ = try project.agents.definition(agent)
      } catch {
        throw Failure("\(error)", status: 65)
      }
    }
  }

  /// Adds a feature; without an id it gets the next number.
  ///
  /// - Returns: its id.
  package func add(_ feature: Feature) throws -> String {
    var feature = feature
    try change { backlog in
      if feature.id.isEmpty {
        feature.id = String((backlog.features.compactMap { Int($0.id) }.max() ?? 0) + 1)
      }
      backlog.features.append(feature)
    }
    return feature.id
  }

  /// Changes one feature.
  package func edit(_ id: String, _ body: (inout Feature) throws -> Void) throws {
    try change { backlog in
      guard let place = backlog.features.firstIndex(where: { $0.id == id }) else {
        throw StoreError.unknownFeature(id)
      }
      try body(&backlog.features[place])
    }
  }

  /// Lets a feature need another; a cycle is refused.
  package func addEdge(_ feature: String, dependsOn other: String) throws {
    try edit(feature) { feature in
      guard !feature.dependencies.contains(where: { $0.id == other }) else {
        throw Failure("#\(feature.id) needs #\(other) already")
      }
      feature.dependencies.append(Dependency(id: other))
    }
  }

  /// Takes a dependency out of the file.
  package func removeEdge(_ feature: String, dependsOn other: String) throws {
    try edit(feature) { feature in
      guard feature.dependencies.contains(where: { $0.id == other }) else {
        throw Failure(
          "features.yml does not say that #\(feature.id) needs #\(other); what a run has discovered "
            + "stands in its state alone")
      }
      feature.dependencies.removeAll { $0.id == other }
    }
  }
}
