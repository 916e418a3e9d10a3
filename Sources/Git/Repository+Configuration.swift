import CLibgit2
import Foundation

extension Repository {
  /// Returns a value of the configuration.
  ///
  /// libgit2 reads the user's, the system's and the repository's own file, not a worktree's
  /// `config.worktree` and not what the environment adds.
  package func configString(_ key: String) throws -> String? {
    var config: OpaquePointer?
    try GitError.check(git_repository_config_snapshot(&config, handle), "read the configuration")
    defer { git_config_free(config) }
    var value: UnsafePointer<CChar>?
    let code = git_config_get_string(&value, config, key)
    if code == GIT_ENOTFOUND.rawValue { return nil }
    try GitError.check(code, "read \(key)")
    return value.map { String(cString: $0) }
  }

  /// Returns whether a key of the configuration is set to true, as git reads it.
  package func configBool(_ key: String) throws -> Bool {
    guard let text = try configString(key) else { return false }
    var value: Int32 = 0
    try GitError.check(git_config_parse_bool(&value, text), "read \(key)")
    return value != 0
  }

  /// Sets where libgit2 looks for the user's and the system's configuration, for this process.
  ///
  /// - Parameter directory: takes the place of HOME, XDG_CONFIG_HOME and `/etc`.
  package static func readConfiguration(onlyFrom directory: String) throws {
    _ = setUp
    for level in [GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL] {
      try GitError.check(
        lk_git_set_search_path(level.rawValue, directory), "read the configuration of \(directory)")
    }
  }
}
