import Backlog
import Engine
import Git
import Store

/// An HTTP error with its text.
struct Refusal: Error {
  var status: Int
  var text: String

  init(_ status: Int, _ text: String) {
    self.status = status
    self.text = text
  }

  /// Maps an error to its status and text.
  init(_ error: any Error) {
    switch error {
    case let refusal as Refusal: self = refusal
    case let failure as Failure:
      // 64 wrong usage, 65 bad input file, 75 later may work.
      let status: [Int32: Int] = [64: 400, 65: 422]
      self.init(status[failure.status] ?? 409, failure.description)
    case StoreError.unknownFeature(let id): self.init(404, "there is no feature '\(id)'")
    case let error as StoreError: self.init(409, error.description)
    case let problems as InputProblems: self.init(422, problems.description)
    case let error as any CustomStringConvertible: self.init(500, error.description)
    default: self.init(500, "\(error)")
    }
  }
}
