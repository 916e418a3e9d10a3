/// The known gate results of a chain of merges, and the gates to run next.
///
/// A chain of `count` merges has `count + 1` trees: prefix 0 is the commit that it stands on, prefix k
/// ends with its k-th merge. The gate runs at the chain's end first; where that is red, the shortest red
/// prefix is looked for by halves, so that every green one met on the way can land. A red is
/// confirmed before anyone is blamed for it. The value knows nothing of git, processes or time.
package struct Batch: Sendable, Equatable {
  /// The next step.
  package enum Step: Sendable, Equatable {
    /// Run the gate on this prefix.
    case gate(Int)
    /// Run it again, cold: it was red, and somebody is about to be blamed for that.
    case confirm(Int)
    /// Land the first `land` merges. The one after them is `blamed`, where it is not `nil`.
    case settle(land: Int, blamed: Int?)
    /// The base of the chain is red itself; nobody is to blame.
    case redBase
  }

  private enum Result: Sendable, Equatable {
    case green
    /// Red so many times.
    case red(Int)
  }

  /// The number of merges in the chain, at least 1.
  package let count: Int
  /// The number of confirmations of a red result.
  package let confirmations: Int
  private var results: [Int: Result] = [:]

  package init(count: Int, confirmations: Int) {
    self.count = count
    self.confirmations = confirmations
  }

  /// Takes in what the gate said of a prefix, now or at an earlier time.
  ///
  /// - Parameter times: how often it said so.
  package mutating func record(_ prefix: Int, passed: Bool, times: Int = 1) {
    if passed {
      results[prefix] = .green
    } else if case .red(let before) = results[prefix] {
      results[prefix] = .red(before + times)
    } else {
      results[prefix] = .red(times)
    }
  }

  /// The longest prefix that may land; 0 where none may.
  package var green: Int {
    results.filter { $0.key <= count && $0.value == .green }.keys.max() ?? 0
  }

  /// The shortest prefix above ``green`` that is known to be red.
  package var red: Int? {
    let green = green
    return results.filter { $0.key > green && $0.value != .green }.keys.min()
  }

  /// The prefixes to gate next if each one before it turns out red; the first is what ``next`` says. Where
  /// gates may run beside one another, these are worth it.
  package func ahead(_ most: Int) -> [Int] {
    var copy = self
    var result: [Int] = []
    while result.count < most, case .gate(let prefix) = copy.next {
      result.append(prefix)
      copy.record(prefix, passed: false)
    }
    return result
  }

  package var next: Step {
    let green = green
    guard let red else {
      return green == count ? .settle(land: count, blamed: nil) : .gate(count)
    }
    // A red on what nobody vouches for tells nothing of the chain.
    if green == 0 {
      switch results[0] {
      case nil: return .gate(0)
      case .red(let times):
        if times <= confirmations { return .confirm(0) }
        // What stands at the head may be what repairs it.
        return results[1] == nil ? .gate(1) : .redBase
      case .green: break
      }
    }
    if red > green + 1 { return .gate(green + (red - green) / 2) }
    if case .red(let times) = results[red], times <= confirmations { return .confirm(red) }
    return .settle(land: green, blamed: red)
  }
}
