import ArgumentParser
import Engine
import Foundation
import Model
import Store

/// Shows the lock table.
struct ClaimsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "claims", abstract: "Show who holds which paths.",
    discussion: "Example: lanekeeper claims --stuck")
  @OptionGroup var project: ProjectOptions
  @Flag(
    help:
      "Only the claims of holders that others wait for: why they last, and what would free them.")
  var stuck = false
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    let (opened, store) = try project.opened()
    try store.expireLeases()
    let report = try StuckClaims(opened, store)
    let rows = try store.claims().filter { !stuck || !report.waiters($0.owner).isEmpty }
    if json {
      return Terminal.line(
        (["claims": .array(rows.map { stuck ? report.json($0) : $0.json })] as JSON).text
      )
    }
    guard !rows.isEmpty else {
      return Terminal.line(stuck ? "nothing waits for a claim" : "nothing is claimed")
    }
    if stuck {
      for line in report.lines(rows) { Terminal.line(line) }
      return
    }
    let table = rows.map { row -> [String] in
      let others = report.waiters(row.owner).map { "#\($0.id)" }
      return [
        row.path.description, row.mode.rawValue, report.name(row.owner), row.agent ?? "",
        report.lasts(row)
          + (others.isEmpty ? "" : "; waited for by " + others.joined(separator: ", ")),
      ]
    }
    for line in Terminal.table(["PATH", "MODE", "HOLDER", "AGENT", "LASTS"], table) {
      Terminal.line(line)
    }
  }
}
