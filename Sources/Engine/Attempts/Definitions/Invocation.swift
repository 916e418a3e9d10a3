/// The command line of one attempt.
package struct Invocation: Sendable, Equatable {
  package var argv: [String]
  /// The file for standard input; `nil` for empty input.
  package var inputPath: String?
  /// Whether an earlier session goes on.
  package var resumes: Bool

  /// - Parameters:
  ///   - values: what stands for the words in braces; a part without its value is left out.
  package init(_ definition: AgentDefinition, _ values: [String: String]) {
    inputPath = definition.promptInput == .stdin ? values["prompt_file"] : nil
    switch definition.launch {
    case .shell(let command):
      // The shell waits for what it has started, which may want to end in order.
      argv = ["/bin/sh", "-c", "trap 'exit 143' TERM\n" + command]
      resumes = false
    case .program(let program, let arguments):
      resumes = definition.resume != nil && values["session"] != nil
      let chosen = resumes ? definition.resume! : arguments
      let more = [definition.budget, definition.mcp, definition.hook].filter { part in
        part.allSatisfy { Placeholders.words(in: $0).allSatisfy { values[$0] != nil } }
      }.joined()
      argv = [program] + (chosen + more).map { Placeholders.fill($0, values) }
    }
  }
}
