import Backlog
import Foundation

/// Draws the graph as SVG, readable on light and on dark ground.
package enum GraphSVG {
  private static let box = (width: 190.0, height: 40.0)
  private static let gap = (width: 60.0, height: 16.0)
  private static let margin = 20.0

  package static func svg(_ backlog: Backlog, style: GraphStyle = GraphStyle()) -> String {
    let layout = GraphLayout(backlog)
    let step = (x: box.width + gap.width, y: box.height + gap.height)
    let width = margin * 2 + Double(max(1, layout.columnCount)) * step.x - gap.width
    let height = margin * 2 + layout.rowCount * step.y - gap.height + 30
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(number(width)) \(number(height))\" "
        + "width=\"\(number(width))\" height=\"\(number(height))\" role=\"img\" "
        + "font-family=\"system-ui, sans-serif\" font-size=\"12\">",
      "<title>Backlog: \(backlog.features.count) features</title>", sheet,
      "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" "
        + "markerHeight=\"7\" orient=\"auto\"><path class=\"tip\" d=\"M0 0L8 4L0 8z\"/></marker></defs>",
      "<rect class=\"ground\" width=\"100%\" height=\"100%\"/>",
    ]
    for edge in layout.edges {
      lines.append(
        "<path class=\"edge \(edge.source.rawValue)\" d=\"\(path(edge, layout, step))\" "
          + "marker-end=\"url(#tip)\"><title>#\(escape(edge.feature)) needs #\(escape(edge.dependsOn)) "
          + "(\(edge.source.rawValue))</title></path>")
    }
    for feature in backlog.features {
      guard let column = layout.columns[feature.id], let row = layout.rows[feature.id] else {
        continue
      }
      let x = margin + Double(column) * step.x
      let y = margin + row * step.y
      let look = style.look(feature.id)
      lines.append(
        "<g class=\"\(look.rawValue)\"><title>#\(escape(feature.id)) "
          + "\(escape(GraphText.plain(feature.title))) (\(look.rawValue))</title>"
          + "<rect x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(box.width))\" "
          + "height=\"\(number(box.height))\" rx=\"6\"/>"
          + "<text x=\"\(number(x + 10))\" y=\"\(number(y + 16))\" class=\"id\">"
          + "#\(escape(cut(feature.id, 26)))</text>"
          + "<text x=\"\(number(x + 10))\" y=\"\(number(y + 31))\">"
          + "\(escape(cut(GraphText.plain(feature.title), 26)))</text></g>")
    }
    lines.append(legend(y: height - 16))
    return (lines + ["</svg>"]).joined(separator: "\n")
  }

  /// Colours for light ground; a reader who prefers dark gets the same hues turned round.
  private static var sheet: String {
    var light = ""
    var dark = ""
    for look in GraphStyle.Look.allCases {
      let colours = GraphStyle.colours(look)
      light += ".\(look.rawValue) rect{fill:\(colours.fill);stroke:\(colours.line)}"
      dark += ".\(look.rawValue) rect{fill:\(colours.line);stroke:\(colours.fill)}"
    }
    return "<style>.ground{fill:#fff}text{fill:#202124}.id{font-weight:600}"
      + ".edge{fill:none;stroke:#5f6368;stroke-width:1.4}.tip{fill:#5f6368}"
      + ".detected{stroke-dasharray:6 4}.discovered{stroke-dasharray:1.5 4;stroke-width:2.2}"
      + light + "@media(prefers-color-scheme:dark){.ground{fill:#202124}text{fill:#f1f3f4}"
      + ".edge{stroke:#bdc1c6}.tip{fill:#bdc1c6}" + dark + "}</style>"
  }

  private static func legend(y: Double) -> String {
    var text = ""
    var x = margin
    for look in GraphStyle.Look.allCases {
      text +=
        "<g class=\"\(look.rawValue)\"><rect x=\"\(number(x))\" y=\"\(number(y - 9))\" width=\"12\" "
        + "height=\"12\" rx=\"3\"/><text x=\"\(number(x + 17))\" y=\"\(number(y + 1))\" "
        + "font-size=\"10\">\(look.rawValue)</text></g>"
      x += 62
    }
    for source in ["declared", "detected", "discovered"] {
      text +=
        "<path class=\"edge \(source)\" d=\"M\(number(x)) \(number(y - 3))h24\"/>"
        + "<text x=\"\(number(x + 29))\" y=\"\(number(y + 1))\" font-size=\"10\">\(source)</text>"
      x += 92
    }
    return text
  }

  private static func path(
    _ edge: GraphLayout.Edge, _ layout: GraphLayout, _ step: (x: Double, y: Double)
  ) -> String {
    func y(_ row: Double) -> Double { margin + row * step.y + box.height / 2 }
    func x(_ column: Int) -> Double { margin + Double(column) * step.x }
    let last = layout.columns[edge.feature] ?? edge.firstColumn + 1
    var text = "M\(number(x(edge.firstColumn) + box.width)) \(number(y(edge.rows[0])))"
    for (place, row) in edge.rows.enumerated().dropFirst() {
      let column = place == edge.rows.count - 1 ? last : edge.firstColumn + place
      let start = x(column) - gap.width
      let from = y(edge.rows[place - 1])
      let to = y(row)
      let middle = start + gap.width / 2
      if place > 1 { text += "L\(number(start)) \(number(from))" }
      text +=
        "C\(number(middle)) \(number(from)) \(number(middle)) \(number(to)) \(number(x(column))) "
        + "\(number(to))"
    }
    return text
  }

  private static func number(_ value: Double) -> String {
    let rounded = (value * 10).rounded() / 10
    return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
  }

  /// Cuts a text to so many columns; wide characters take two.
  private static func cut(_ text: String, _ most: Int) -> String {
    var used = 0
    var result = ""
    for character in text {
      let isWide = character.unicodeScalars.first.map { $0.value >= 0x1100 } ?? false
      used += isWide ? 2 : 1
      if used > most { return result.dropLast() + "…" }
      result.append(character)
    }
    return result
  }

  private static func escape(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: if scalar.value >= 0x20 { result.unicodeScalars.append(scalar) }
      }
    }
    return result
  }
}
