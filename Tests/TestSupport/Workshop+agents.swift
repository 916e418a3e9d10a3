import Foundation

extension Workshop {
  /// Makes a repository whose agent is `.lanekeeper/agents/mine.yml`, a shell script.
  package static func withOwnAgent(
    _ features: Int, script: String, more: String = "", definition: String = ""
  ) throws -> Workshop {
    let shop = try Workshop(
      features: Workshop.independent(features), agent: "", configuration: more)
    try shop.repository.root.write("mine.sh", script)
    try shop.repository.write(
      ".lanekeeper/agents/mine.yml",
      """
      title: My agent
      program: sh
      version: [-c, "echo mine 4.5.6; echo more"]
      arguments: ["\(shop.repository.root.path)/mine.sh"]
      environment: {pass: [MINE_*]}
      output: {format: plain}
      \(definition)

      """)
    try shop.repository.write(
      "lanekeeper.yml",
      try shop.repository.read("lanekeeper.yml").replacing("agent: command", with: "agent: mine"))
    return shop
  }

  /// Makes a repository in which `oracle` can be asked for dependencies.
  ///
  /// - Parameter oracle: the body of the script that answers; its input is in `$prompt`, and `$count` tells how
  ///   often it was asked.
  package static func withOracle(
    _ oracle: String, features: String, configuration: String = "schedule: {ask: oracle}",
    agent: String = "echo $id > f$id.txt"
  ) throws -> Workshop {
    let shop = try Workshop(features: features, agent: agent, configuration: configuration)
    let root = shop.repository.root.path
    try shop.repository.root.write(
      "oracle.sh",
      """
      prompt=$(cat)
      echo x >> "\(root)/asked"
      count=$(wc -l < "\(root)/asked")
      printf '%s' "$prompt" > "\(root)/prompt$((count))"
      pwd > "\(root)/place"
      \(oracle)

      """)
    try shop.repository.write(
      ".lanekeeper/agents/oracle.yml",
      "run: 'exit 1'\nask: 'sh \"\(root)/oracle.sh\"'\nenvironment: {pass: all}\n")
    return shop
  }

  /// How often the oracle was asked.
  package var timesAsked: Int {
    ((try? repository.root.read("asked")) ?? "").split(separator: "\n").count
  }
}
