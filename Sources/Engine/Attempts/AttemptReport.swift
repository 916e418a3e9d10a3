/// An attempt's report, read from the agent's output.
package struct AttemptReport: Sendable, Equatable {
  package var session: String?
  package var model: String?
  package var inputTokens = 0
  package var outputTokens = 0
  package var cachedTokens = 0
  /// US dollars; `nil` where the program tells none.
  package var costUSD: Double?
  package var edits: [String] = []
  package var editCount = 0
  package var commands = 0
  package var messages = 0
  /// A limit that was met and that no good end followed.
  package var limit: LimitNotice?
  /// Why the agent says that it has failed.
  package var failure: String?
  package var lastMessage: String?
  package var requests = 0
  package var answers = 0
  /// How often the last edit has followed itself.
  package var repeats = 1
  /// Lines that were too long to be read.
  package var skippedLines = 0

  package init() {}

  /// US dollars by a price list, where the program tells tokens alone.
  package func cost(at price: TokenPrice?) -> Double? {
    if let costUSD { return costUSD }
    guard let price, inputTokens + outputTokens > 0 else { return nil }
    let fresh = Double(max(0, inputTokens - cachedTokens))
    return
      (fresh * price.input + Double(cachedTokens) * price.cached
      + Double(outputTokens) * price.output) / 1_000_000
  }
}

/// One thing that an agent did, the same for every agent.
package struct AgentEvent: Sendable, Equatable {
  package var kind: OutputRule.Event
  /// A message's or an error's words, a command line, the name of a tool.
  package var text: String
  /// The path of an edit, relative to the lane where it lies in it.
  package var path: String?
  /// Where the line begins in the log, in bytes.
  package var offset: Int64
}
