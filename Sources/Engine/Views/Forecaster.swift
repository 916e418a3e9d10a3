import Foundation
import Store

/// Makes forecasts for a view that is shown again and again, and spends at most a tenth of the time on
/// them.
package final class Forecaster {
  private var last = Forecast()
  private var due = Date.distantPast

  package init() {}

  package func forecast(_ project: Project, _ lanes: [LaneRecord]) -> Forecast {
    let start = Date()
    guard start >= due else { return last }
    last = Forecast(project: project, lanes: lanes)
    due = Date().addingTimeInterval(9 * Date().timeIntervalSince(start))
    return last
  }
}
