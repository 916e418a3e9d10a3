/// How the program was called: by a launcher, by a link that has a hook's name, or by its own name.
struct HookCall {
  /// The hook's name.
  let name: String
  /// The arguments that git gives the hook.
  let rest: [String]
  /// The directory that the launcher or link stands in; `nil` when called by its own name.
  let directory: String?

  init(arguments: [String]) {
    let program = arguments.first ?? ""
    let base = Path.last(program)
    if base == "lanekeeper-hook", arguments.count > 1, arguments[1].utf8.contains(0x2f) {
      // The kernel names the launcher whose first line led here.
      name = Path.last(arguments[1])
      rest = Array(arguments.dropFirst(2))
      directory = Path.parent(arguments[1])
    } else if base == "lanekeeper-hook" {
      name = arguments.count > 1 ? arguments[1] : ""
      rest = Array(arguments.dropFirst(2))
      directory = nil
    } else {
      name = base
      rest = Array(arguments.dropFirst())
      directory = Path.parent(program)
    }
  }

  /// The state directory that the launcher belongs to: the one above `hooks/` or `person-hooks/`.
  var stateDirectory: String? {
    guard let directory, ["hooks", "person-hooks"].contains(Path.last(directory)) else {
      return nil
    }
    return Path.parent(directory)
  }
}

/// The verdict on a commit or a change of references.
enum Verdict {
  /// Goes on, after these lines.
  case pass([String])
  /// Is refused with these lines.
  case refuse([String])
}
