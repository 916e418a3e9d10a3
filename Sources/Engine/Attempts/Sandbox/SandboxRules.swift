/// Which parts of HOME, and which other paths, a program needs in a sandbox; those without a slash at their
/// start lie below HOME. What is absent on a machine is passed over.
package struct SandboxPaths: Sendable, Equatable {
  /// Can be read.
  package var read: [String] = []
  /// The machine's own can be written.
  package var write: [String] = []
  /// Are copied into the sandbox's own HOME at each start, where they can be changed.
  package var copy: [String] = []

  package func adding(_ other: SandboxPaths) -> SandboxPaths {
    SandboxPaths(
      read: read + other.read, write: write + other.write, copy: copy + other.copy)
  }

  /// Paths that most programs need: git's user settings and programs installed by the user.
  static let usual = SandboxPaths(read: [
    ".gitconfig", ".config/git/config", ".config/git/ignore", ".config/git/attributes",
    ".local/bin",
    ".local/lib", ".local/pipx", ".local/share/pipx", ".local/share/uv", ".local/share/pnpm",
    ".local/share/mise", ".cargo/bin", ".rustup", ".nvm", ".volta", ".asdf", ".pyenv", ".rbenv",
    ".sdkman", ".bun", ".deno/bin", ".npm-global", ".npm-packages", ".nodenv", ".swiftly",
    ".local/share/swiftly", ".swiftpm", "go/bin", "bin",
  ])
}

/// How agents are kept in their lanes.
package struct SandboxSettings: Sendable {
  /// The person's checkout, which is out of sight.
  package var checkout: String
  /// The directory of all lanes, of which an agent sees its own.
  package var lanes: String
  package var home: String
  /// Whether the network can be used.
  package var network: Bool
  /// Paths added by the repository's configuration.
  package var paths: SandboxPaths
  /// The path of `bwrap`.
  package var program: String
  /// The path of `lanekeeper`, in whose place inside a program stands that asks the supervisor.
  package var lanekeeper: String
}
