/// Finds cycles in a graph without recursion, so that a chain may be of any length.
enum CycleSearch {
  /// Returns one cycle, each node depending on the next; `nil` where there is none.
  static func cycle(order: [String], edges: [String: [String]]) -> [String]? {
    enum Mark { case open, done }
    var marks: [String: Mark] = [:]
    for start in order where marks[start] == nil {
      var stack: [(node: String, next: Int)] = [(start, 0)]
      marks[start] = .open
      while let (node, next) = stack.last {
        let successors = edges[node] ?? []
        guard next < successors.count else {
          marks[node] = .done
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        let successor = successors[next]
        switch marks[successor] {
        case .open:
          let begin = stack.firstIndex { $0.node == successor } ?? 0
          return stack[begin...].map(\.node)
        case .done: continue
        case nil:
          marks[successor] = .open
          stack.append((successor, 0))
        }
      }
    }
    return nil
  }
}
