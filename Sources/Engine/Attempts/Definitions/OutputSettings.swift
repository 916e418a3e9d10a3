import Model

/// How the output of an agent is read.
package struct OutputSettings: Sendable, Equatable {
  package enum Format: String, Sendable, CaseIterable {
    /// One JSON object a line; other lines are text.
    case jsonLines = "json-lines"
    /// Text without structure.
    case plain
  }
  /// A file beside the output, at `{output_file}`, that the program writes for machines.
  package struct SideFile: Sendable, Equatable {
    package enum Format: String, Sendable, CaseIterable {
      case jsonLines = "json-lines"
      /// One JSON document, whole at the program's end.
      case json
    }
    package var format = Format.jsonLines
    package var rules: [OutputRule] = []
  }
  package var format = Format.plain
  package var rules: [OutputRule] = []
  package var file: SideFile?
  /// The most that an attempt may write, in bytes.
  package var limitBytes: Int64 = 64 << 20
  /// How often the same edit may follow itself before the attempt is ended.
  package var repeats = 12
}

/// How one kind of JSON object in the output is read.
///
/// Values are found by paths such as `message.content.0.text`.
package struct OutputRule: Sendable, Equatable {
  package enum Event: String, Sendable, CaseIterable {
    case message, edit, command, tool, usage
    /// Something went wrong, which need not be the end.
    case error
    /// The attempt has failed, whatever its exit status.
    case failure
    /// The agent has come to a good end.
    case result
    /// A question to the model, and its answer: for programs that tell no error.
    case request, answer

    /// The name in the event log; `nil` for one that is only counted.
    var event: EventName? {
      switch self {
      case .message: .agentMessage
      case .edit: .agentEdit
      case .command: .agentCommand
      case .tool: .agentTool
      case .error: .agentError
      case .failure: .agentFailure
      case .result: .agentResult
      case .usage, .request, .answer: nil
      }
    }
  }
  /// How token counts and cost add up.
  package enum Counting: String, Sendable, CaseIterable {
    /// Each adds to those before.
    case add
    /// Each is the sum so far.
    case total
  }
  package struct Fields: Sendable, Equatable {
    package var session: String?
    package var model: String?
    package var message: String?
    package var path: String?
    package var command: String?
    package var tool: String?
    package var cost: String?
    package var inputTokens: String?
    package var outputTokens: String?
    package var cachedTokens: String?
    /// A time: seconds or milliseconds since 1970, or ISO 8601.
    package var reset: String?
    /// Seconds from now.
    package var resetIn: String?
  }
  /// Paths and the values that must stand there; `*` for any.
  package var when: [String: [String]] = [:]
  /// Paths and the regular expressions that the text there must match.
  package var like: [String: String] = [:]
  /// The path of a list, or of a mapping whose values are meant, to each item of which ``rules`` apply.
  package var each: String?
  package var rules: [OutputRule] = []
  package var event: Event?
  package var limit: UsageLimit?
  package var counting = Counting.total
  package var fields = Fields()
  /// A regular expression whose first group is the reset time inside the message.
  package var resetPattern: String?
}
