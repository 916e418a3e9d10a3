import Backlog
import Foundation
import Model
import TestSupport
import Testing

@testable import Planning

@Suite(.bounded) struct GraphTests {
  private let backlog = Backlog(features: [
    Feature(id: "1", title: "Schema <&> \"x\""),
    Feature(
      id: "2", title: "数据库 🦉",
      dependencies: [
        Dependency(id: "1", source: .detected, confidence: 0.7)
      ]),
    Feature(
      id: "3", title: "",
      dependencies: [
        Dependency(id: "1"), Dependency(id: "2", source: .discovered),
      ]),
    Feature(id: "4", title: "Alone", dependencies: [Dependency(id: "1")]),
  ])
  private let style = GraphStyle(looks: ["1": .landed, "2": .working, "4": .failed])

  @Test func edgesOfThreeSourcesLookDifferent() {
    let dot = GraphText.dot(backlog, style: style)
    #expect(dot.contains("\"1\" -> \"2\" [style=dashed];"))
    #expect(dot.contains("\"2\" -> \"3\" [style=dotted];") && dot.contains("\"1\" -> \"4\";"))
    #expect(!dot.contains("\"1\" -> \"3\""))
    let mermaid = GraphText.mermaid(backlog, style: style)
    #expect(mermaid.contains("f0 -.-> f1") && mermaid.contains("f1 ==> f2"))
    #expect(mermaid.contains("f0 --> f3") && mermaid.contains("class f0 landed"))
    #expect(mermaid.contains("#lt;#amp;#gt; #quot;x#quot;"))
    let text = GraphText.text(backlog, style: style)
    #expect(text.contains("#2 数据库 🦉 [working]  (after #1 (detected))"))
    let svg = GraphSVG.svg(backlog, style: style)
    for source in ["declared", "detected", "discovered"] {
      #expect(svg.contains("class=\"edge \(source)\" d=\"M"))
    }
    #expect(svg.contains("Schema &lt;&amp;&gt; &quot;x&quot;"))
    #expect(svg.contains("prefers-color-scheme:dark"))
    #expect(svg.contains("<g class=\"landed\"><title>#1"))
  }

  @Test func svgIsWellFormed() throws {
    for value in [
      backlog, Backlog(features: []), Backlog(features: [Feature(id: "a", title: "a")]),
    ] {
      let parser = XMLCheck(GraphSVG.svg(value))
      #expect(parser.isBalanced)
    }
  }

  @Test func columnsFollowTheEdgesAndNothingOverlaps() {
    let layout = GraphLayout(backlog)
    #expect(layout.columns == ["1": 0, "2": 1, "4": 1, "3": 2])
    #expect(layout.rows["2"] != layout.rows["4"])
    // Two crossed pairs are uncrossed.
    let crossed = Backlog(features: [
      Feature(id: "a", title: "a"), Feature(id: "b", title: "b"),
      Feature(id: "c", title: "c", dependencies: [Dependency(id: "b")]),
      Feature(id: "d", title: "d", dependencies: [Dependency(id: "a")]),
    ])
    let other = GraphLayout(crossed)
    #expect((other.rows["a"]! < other.rows["b"]!) == (other.rows["d"]! < other.rows["c"]!))
  }

  @Test func limits() {
    let fan = Backlog(
      features: [Feature(id: "root", title: String(repeating: "ü", count: 1_000_000))]
        + (0..<10_000).map {
          Feature(id: "n\($0)", title: "t", dependencies: [Dependency(id: "root")])
        })
    #expect(GraphSVG.svg(fan).utf8.count < 8_000_000)
    #expect(GraphText.dot(fan).utf8.count < 3_000_000)
    let chain = Backlog(
      features: (0..<60).map { number in
        Feature(
          id: "n\(number)", title: "",
          dependencies: (0..<number).suffix(2).map { Dependency(id: "n\($0)") })
      })
    #expect(GraphLayout(chain).columnCount == 60)
    #expect(GraphText.make(chain).contains("feature-n59: feature-n57 feature-n58"))
  }
}

/// Tells whether the tags of a text match.
private struct XMLCheck {
  let isBalanced: Bool

  init(_ text: String) {
    var open: [Substring] = []
    var isFine = true
    for part in text.split(separator: "<").dropFirst(text.hasPrefix("<") ? 0 : 1) {
      guard let end = part.firstIndex(of: ">") else {
        isFine = false
        break
      }
      let tag = part[..<end]
      if tag.hasPrefix("/") {
        if open.popLast() != tag.dropFirst() { isFine = false }
      } else if !tag.hasSuffix("/") {
        open.append(tag.prefix { $0 != " " })
      }
    }
    isBalanced = isFine && open.isEmpty
  }
}
