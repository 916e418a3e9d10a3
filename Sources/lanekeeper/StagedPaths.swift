import Git
import Model

/// Reads what is staged in the checkout of a command.
enum StagedPaths {
  static func paths(_ place: CommandPlace) throws -> [ClaimPath] {
    let result = try GitProgram.check(
      ["diff", "--cached", "-z", "--no-renames", "--name-only"], directory: place.top,
      environment: place.project.environment)
    return result.output.split(separator: 0).map { ClaimPath(file: Array($0)) }
  }
}
