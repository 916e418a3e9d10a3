import Backlog

/// The settings of lanes in `lanekeeper.yml`.
package struct LaneSettings: Sendable {
  /// The directory in which lanes are made, absolute.
  package var directory: String
  /// Ignored files and directories that each lane needs, relative to the repository's top.
  package var copy: [String]
  /// A shell command that is run once in each new lane.
  package var setup: String?
  /// Patterns of files that agent programs leave and that are no work.
  package var litter: [String]
  /// The pattern of branch names.
  package var branch: BranchPattern

  package init(
    directory: String, copy: [String], setup: String?, litter: [String],
    branch: BranchPattern = .standard
  ) {
    self.directory = directory
    self.copy = copy
    self.setup = setup
    self.litter = litter
    self.branch = branch
  }
}
