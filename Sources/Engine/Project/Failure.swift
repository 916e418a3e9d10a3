/// Why a command can't go on, with the exit status of the contract.
package struct Failure: Error, CustomStringConvertible, Equatable {
  /// 1 refused for good, 64 wrong usage, 65 bad input file, 75 later may work.
  package let status: Int32
  /// The error: what is wrong, where, and what to do.
  package let description: String

  package init(_ description: String, status: Int32 = 1) {
    self.description = description
    self.status = status
  }
}
