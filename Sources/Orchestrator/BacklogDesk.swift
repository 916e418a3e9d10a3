import Backlog
import Foundation
import Processes
import Store

/// Changes `features.yml` for a person: comments, order and everything else in it stay.
package struct BacklogDesk {
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
    try project.state.create()
    let lock = try FileLock.acquireBlocking(project.state.locks + "/backlog")
    defer { lock.release() }
    let file = project.backlogFile
    let isNew = !FileManager.default.fileExists(atPath: file)
    let old = isNew ? "features: []\n" : try InputFile.read(file)
    var backlog: Backlog
    do {
      let slots = Set(project.configuration.slots.keys)
      backlog = try BacklogReader.read(text: old, file: "features.yml", slots: slots)
      try body(&backlog)
      // What the reader would not take is never written.
      _ = try BacklogReader.read(
        text: BacklogWriter.yaml(backlog), file: "features.yml", slots: slots)
    } catch let problems as InputProblems {
      throw Failure(
        problems.problems.map { $0.message + ($0.suggestion.map { "; \($0)" } ?? "") }
          .joined(separator: "\n"), status: 65)
    }
    let text = try BacklogEdit.text(old, holding: backlog, file: "features.yml")
    guard text != old || isNew else { return }
    let mode = try? FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
    try Data(text.utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
    if let mode {
      try? FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
    }
    if try !store.features().isEmpty { try project.takeOver(backlog, into: store) }
    try store.record("backlog_changed", [:])
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
