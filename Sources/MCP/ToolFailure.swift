/// Work that could not be done, told to the agent as the result of its call.
package struct ToolFailure: Error, CustomStringConvertible, Equatable {
  package var description: String
  package init(_ description: String) { self.description = description }
}
