import Model

/// The settings of `lanekeeper.yml`, with defaults for those that it leaves out.
package struct Configuration: Sendable, Equatable {
  package struct Gate: Sendable, Equatable {
    /// Empty: no gate.
    package var command = ""
    package var timeoutMinutes = 30.0
    /// Names of variables whose values belong to the result.
    package var environment: [String] = []
    /// How often a red is confirmed before anyone is blamed.
    package var retries = 1
    package var coldEvery = 20
    /// The names of the slots that each gate holds while it runs.
    package var slots: [String] = []
  }
  package struct Review: Sendable, Equatable {
    package init() {}
    package var required = false
    package var categories: [String] = []
    package var paths: [String] = []
    package var approvals = 1
    package var push: String?
  }
  package struct Schedule: Sendable, Equatable {
    /// none, learned or agent.
    package var detect = "none"
    /// Who is asked where `detect` is agent; `nil` for the first agent.
    package var ask: DetectionSource?
    package var stack = false
    package var footprints = true
  }
  package struct Lanes: Sendable, Equatable {
    /// As written; relative to the repository's top.
    package var path: String
    package var copy: [String] = []
    package var setup: String?
    package var litter: [String] = []
    package var keepBranches = false
    /// How the branches of lanes are named.
    package var branch = BranchPattern.standard
    /// The first line of what Lanekeeper commits of an agent's work, with `{id}`, `{title}`, `{category}` and
    /// `{agent}`; `nil` for its own words.
    package var commitMessage: String?
    /// Who commits it; `nil` for the repository's user.
    package var author: Author?
  }
  /// A name and an address, written as `Name <address>`.
  package struct Author: Sendable, Equatable {
    package var name: String
    package var email: String

    /// - Returns: `nil` where the text is no name with an address.
    package init?(_ text: String) {
      guard let match = text.wholeMatch(of: /\s*([^<>\n]*[^<>\s])\s*<([^<>\s]+)>\s*/) else {
        return nil
      }
      (name, email) = (String(match.1), String(match.2))
    }
  }
  package struct Claims: Sendable, Equatable {
    /// auto, strict or off.
    package var policy = "auto"
    /// warn, deny or off.
    package var humans = "warn"
    package var paths: [String: PathPolicy] = [:]
  }
  package enum Window: Sendable, Equatable {
    case size(Int)
    case auto
  }
  package struct Landing: Sendable, Equatable {
    package var window = Window.size(4)
    /// merge, squash or rebase.
    package var style = "merge"
    /// clean or never.
    package var follow = "clean"
    package var push: String?
    /// Gates at once, each in a worktree of its own.
    package var speculate = 1
    package static let mostGates = 8
  }
  package struct Sandbox: Sendable, Equatable {
    /// none or bubblewrap.
    package var kind = "none"
    package var network = true
    /// Further paths that can be read in it, or written, below HOME where they don't start with a slash.
    package var read: [String] = []
    package var write: [String] = []

    package var isOn: Bool { kind != "none" }
  }
  package struct Limits: Sendable, Equatable {
    package var maxParallel = 5
    package var attemptMinutes = 60.0
    package var silenceMinutes = 20.0
    package var attempts = 3
    package var maxCostUSD: Double?
    package var maxFeatureCostUSD: Double?
    package var staggerSeconds: Double?
    /// Most memory of an attempt, in MiB; `nil` for no bound.
    package var memoryMB: Int?
    /// By how much a lane and its directory for temporary files may grow in an attempt, in MiB.
    package var diskMB: Int?
    /// From 0 to 19; `nil`: as the agent's definition says.
    package var nice: Int?
  }
  /// An agent's definition: `run`, and whatever else it says.
  package struct AgentSettings: Sendable, Equatable {
    package var run: String?
    package var other: [String: String] = [:]
  }

  package var target = "main"
  package var gate = Gate()
  /// The first is used; the next takes over at a usage limit.
  package var agents = ["claude"]
  package var parallel = 3
  package var preset: String?
  /// Best first is not required here.
  package var models: [String]?
  package var review = Review()
  package var schedule = Schedule()
  package var lanes: Lanes
  package var claims = Claims()
  package var landing = Landing()
  package var limits = Limits()
  package var sandbox = Sandbox()
  /// How many there are of each named slot.
  package var slots: [String: Int] = [:]
  package var definitions: [String: AgentSettings] = [:]

  /// The defaults for a repository whose directory has this name.
  /// - Parameter lanesPath: the default of `lanes.path`, where it is not beside the repository.
  package init(repositoryName: String, lanesPath: String? = nil) {
    lanes = Lanes(path: lanesPath ?? "../\(repositoryName).lanes")
  }
}
