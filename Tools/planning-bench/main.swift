import Foundation

// planning-bench: the measurements of docs/planning.md. For maintainers; it is not installed.

let arguments = CommandLine.arguments.dropFirst()
do {
  switch arguments.first {
  case "schedules": try ScheduleTable.print(Array(arguments.dropFirst()))
  case "tiers": try TierTable.print(Array(arguments.dropFirst()))
  case "footprints": try FootprintTable.print(Array(arguments.dropFirst()))
  default:
    FileHandle.standardError.write(
      Data(
        "usage: planning-bench schedules DIR | footprints REPO… | tiers FILE\n"
          .utf8))
    exit(64)
  }
} catch {
  FileHandle.standardError.write(Data("planning-bench: \(error)\n".utf8))
  exit(1)
}
