import Engine
import Model

/// The OpenAPI description, made from the routes.
enum OpenAPI {
  static let routes = LookRoutes.all + ActRoutes.all

  static var description: JSON {
    var paths: [(String, JSON)] = []
    for path in (routes.map(\.path) + ["/api/session"]).reduce(
      into: [String](),
      { list, path in
        if !list.contains(path) { list.append(path) }
      })
    {
      let own = routes.filter { $0.path == path }
      let methods = own.map { ($0.method.rawValue, operation($0)) }
      paths.append((path, .object(path == "/api/session" ? session : methods)))
    }
    return .object([
      ("openapi", "3.1.0"),
      (
        "info",
        [
          "title": "Lanekeeper", "version": "1",
          "description": "What `lanekeeper ui` serves to its page.",
        ]
      ),
      ("paths", .object(paths)),
      (
        "components",
        [
          "securitySchemes": [
            "session": [
              "type": "http", "scheme": "bearer",
              "description":
                "Given by /api/session. A request that changes something also carries `Origin`.",
            ]
          ]
        ]
      ), ("security", .array([["session": []]])),
    ])
  }

  private static var session: [(String, JSON)] {
    [
      (
        "post",
        .object([
          ("summary", "Turns the key of a link, which opens once, into a session."),
          ("security", .array([])),
          (
            "requestBody",
            body([Route.Field(name: "key", kind: .string, about: "", isRequired: true)])
          ), ("responses", responses("application/json")),
        ])
      ),
      (
        "delete",
        .object([("summary", "Ends the session."), ("responses", responses("application/json"))])
      ),
    ]
  }

  private static func operation(_ route: Route) -> JSON {
    let inPath = route.path.split(separator: "/").filter { $0.hasPrefix("{") }.map {
      parameter(
        Route.Field(
          name: String($0.dropFirst().dropLast()), kind: .string, about: "", isRequired: true),
        in: "path")
    }
    var members: [(String, JSON)] = [("summary", .string(route.about))]
    let parameters = inPath + route.query.map { parameter($0, in: "query") }
    if !parameters.isEmpty { members.append(("parameters", .array(parameters))) }
    if !route.body.isEmpty { members.append(("requestBody", body(route.body))) }
    members.append(("responses", responses(route.gives)))
    return .object(members)
  }

  private static func parameter(_ field: Route.Field, in place: String) -> JSON {
    [
      "name": .string(field.name), "in": .string(place), "required": .bool(field.isRequired),
      "description": .string(field.about), "schema": schema(field.kind),
    ]
  }

  private static func body(_ fields: [Route.Field]) -> JSON {
    let properties = fields.map { field in
      (field.name, schema(field.kind).with("description", .string(field.about)))
    }
    return [
      "content": [
        "application/json": [
          "schema": [
            "type": "object", "properties": .object(properties),
            "required": .texts(fields.filter(\.isRequired).map(\.name)),
          ]
        ]
      ]
    ]
  }

  private static func schema(_ kind: Route.Kind) -> JSON {
    switch kind {
    case .string, .integer, .number, .boolean, .object: ["type": .string(kind.rawValue)]
    case .strings: ["type": "array", "items": ["type": "string"]]
    case .comments:
      [
        "type": "array",
        "items": [
          "type": "object",
          "properties": [
            "path": ["type": "string"], "line": ["type": "integer"], "text": ["type": "string"],
          ],
        ],
      ]
    }
  }

  private static func responses(_ type: String) -> JSON {
    let content = JSON.object([(type, ["schema": [:]] as JSON)])
    let refused =
      "refused: 400 wrong request, 401 no session, 403 another origin or host, 404 unknown, "
      + "409 not now or no more as shown, 422 it would leave a wrong file"
    let error: JSON = ["type": "object", "properties": ["error": ["type": "string"]]]
    return [
      "200": ["description": "as told", "content": content],
      "default": [
        "description": .string(refused), "content": ["application/json": ["schema": error]],
      ],
    ]
  }
}
