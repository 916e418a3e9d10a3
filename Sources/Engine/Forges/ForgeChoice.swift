import Foundation
import Processes

/// Runs a program of a forge, with standard input, and blocks.
typealias ForgeRunner = (_ argv: [String], _ input: [UInt8]) throws -> ProcessOutput

/// Which program speaks with the forge that a remote leads to.
enum ForgeChoice {
  /// - Parameters:
  ///   - remote: the remote's name.
  ///   - isInstalled: tells whether a program can be started.
  /// - Returns: `nil` where none is installed that knows the forge.
  static func tool(
    _ link: ForgeLink, remote: String, isInstalled: (String) -> Bool, run: @escaping ForgeRunner
  ) -> (any ForgeTool)? {
    guard let program = program(link, isInstalled, run) else { return nil }
    switch program {
    case "gh": return GitHubTool(link, api: GitHubTool.api(link, run: run))
    case "glab": return GitLabTool(link, api: GitLabTool.api(link, run: run))
    default: return GiteaTool(link, api: GiteaTool.api(remote: remote, run: run))
    }
  }

  private static func program(
    _ link: ForgeLink, _ isInstalled: (String) -> Bool, _ run: ForgeRunner
  ) -> String? {
    let host = link.hostName
    for (words, program) in [
      (["github"], "gh"), (["gitlab"], "glab"), (["gitea", "forgejo", "codeberg"], "tea"),
    ] where words.contains(where: host.contains) {
      return isInstalled(program) ? program : nil
    }
    // A forge of one's own: whichever program is logged in there.
    for program in ["gh", "glab"] where isInstalled(program) {
      let status = try? run([program, "auth", "status", "--hostname", link.host], [])
      if status?.status == 0 { return program }
    }
    return isInstalled("tea") && knows(link, run) ? "tea" : nil
  }

  private struct Login: Decodable { var url: String }

  private static func knows(_ link: ForgeLink, _ run: ForgeRunner) -> Bool {
    guard let result = try? run(["tea", "logins", "list", "--output", "json"], []),
      let logins = try? JSONDecoder().decode([Login].self, from: Data(result.output))
    else { return false }
    return logins.contains { URL(string: $0.url)?.host() == link.hostName }
  }
}
