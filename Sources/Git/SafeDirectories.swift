/// `safe.directory` where it was given for one command: git honours it there, so every git that is started
/// for that command has to get it, too.
package enum SafeDirectories {
  private static let key = "safe.directory"
  private static let most = 1000

  /// Returns the values that `GIT_CONFIG_COUNT` and its like bring.
  static func inVariables(_ environment: [String: String]) -> [String] {
    guard let count = environment["GIT_CONFIG_COUNT"].flatMap(Int.init), count > 0 else {
      return []
    }
    return (0..<min(count, most)).compactMap { number in
      environment["GIT_CONFIG_KEY_\(number)"]?.lowercased() == key
        ? environment["GIT_CONFIG_VALUE_\(number)"] : nil
    }
  }

  /// Returns the variables that bring values to git.
  static func variables(_ values: [String]) -> [String: String] {
    guard !values.isEmpty else { return [:] }
    var result = ["GIT_CONFIG_COUNT": String(values.count)]
    for (number, value) in values.enumerated() {
      result["GIT_CONFIG_KEY_\(number)"] = key
      result["GIT_CONFIG_VALUE_\(number)"] = value
    }
    return result
  }

  /// Returns an environment in which what `git -c safe.directory=…` said for this command stands in variables
  /// that ``GitProgram/clean(_:)`` keeps.
  package static func kept(_ environment: [String: String]) throws -> [String: String] {
    guard let parameters = environment["GIT_CONFIG_PARAMETERS"],
      parameters.lowercased().contains(key)
    else { return environment }
    let result = try GitProgram.run(
      ["config", "-z", "--show-scope", "--get-all", key], directory: "/", environment: environment,
      adding: ["GIT_CONFIG_PARAMETERS": parameters])
    let words = result.output.split(separator: 0, omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    let values = stride(from: 0, to: words.count - 1, by: 2).compactMap {
      words[$0] == "command" ? words[$0 + 1] : nil
    }
    var kept = GitProgram.clean(environment)
    for name in environment.keys where GitProgram.localVariables.contains(name) {
      kept[name] = environment[name]
    }
    kept["GIT_CONFIG_PARAMETERS"] = nil
    kept.merge(variables(values)) { $1 }
    return kept
  }
}
