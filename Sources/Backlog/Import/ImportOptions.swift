/// The options of an import.
package struct ImportOptions: Sendable {
  /// The ways to import subtasks.
  package enum Subtasks: String, Sendable, CaseIterable { case steps, features }

  /// The formats by name.
  package enum Format: String, Sendable, CaseIterable {
    case lanekeeper
    case taskMaster = "task-master"
    case beads, github, gitlab, markdown, csv
  }

  /// `nil` finds it out by the content.
  package var format: Format?
  /// The tag of task-master's file.
  package var tag: String?
  package var subtasks: Subtasks

  package init(format: Format? = nil, tag: String? = nil, subtasks: Subtasks = .steps) {
    self.format = format
    self.tag = tag
    self.subtasks = subtasks
  }
}
