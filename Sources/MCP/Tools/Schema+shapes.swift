/// The shapes that several tools take or give.
extension Schema {
  static let agent = text(
    "Your own name, the same in all your calls. Needed outside a lane; in a lane it does not count."
  )
  static let feature = text("The feature's id.")
  static let filePath = text(
    "A file, relative to the top of the repository or absolute; a directory stands for everything "
      + "below it.")
  static let filePaths = list(filePath, "Files and directories.", from: 1)
  static let forFeature = text(
    "For which of your features; only needed where you have several lanes open.")

  static let claim = object(
    [
      ("path", text("The path; a subtree ends in a slash.")),
      ("kind", oneOf(["file", "subtree"], "One file, or everything below.")),
      ("mode", oneOf(["exclusive", "shared"], "Whether others may hold it, too.")),
      ("feature", optionalText("The feature that holds it.")),
      ("holder", text("Who holds it, in words.")),
      ("agent", optionalText("The agent at work.")),
      ("generation", whole("Grows with each grant.")),
      ("acquired_at", text("When it was granted; ISO 8601, UTC.")),
      ("expires_at", optionalText("When it runs out; null lasts until the feature lands.")),
    ], required: ["path", "kind", "mode", "feature", "holder", "generation"], isOpen: true)

  static let conflict = object(
    [
      ("path", text("The path that was asked for.")),
      ("feature", optionalText("The feature that holds it.")),
      ("holder", optionalText("Who holds it, in words.")),
      ("agent", optionalText("The holder's agent.")),
      (
        "reason",
        oneOf(
          ["held", "stale_base", "frozen", "deadlock"],
          "Held by another; changed on the target since; frozen; or the holder waits for you.")
      ),
      ("advice", text("What you can do now.")),
    ], required: ["path", "feature", "reason", "advice"], isOpen: true)

  static let claimResult = object(
    [
      ("granted", flag("True: you may change the paths. False: none of them.")),
      ("claims", list(claim, "What you hold now, where it was granted.")),
      ("conflicts", list(conflict, "What stands in the way, where it was not.")),
    ], required: ["granted"])

  static let checkResult = object(
    [
      ("granted", flag("True: a claim would be granted.")),
      ("conflicts", list(conflict, "What would stand in the way.")),
    ], required: ["granted", "conflicts"])

  static let released = object(
    [("released", list(text("A path."), "What was given back."))], required: ["released"])

  static let featureFacts = object(
    [
      ("id", text("The id.")), ("title", text("The title.")), ("category", text("The category.")),
      ("description", text("What is to be built.")),
      ("steps", list(text("A step."), "What has to be true when it is done.")),
      ("depends_on", list(text("An id."), "What has to land first.")),
      ("touches", list(text("A path."), "The paths that are claimed with it.")),
      ("slots", list(text("A name."), "The named slots that it needs.")),
      ("priority", whole("Higher goes first.")), ("state", text("The state in its life.")),
      ("branch", optionalText("Its branch, once there is one.")),
      ("lane", optionalText("The worktree in which it is worked on.")),
      ("agent", optionalText("Who works on it.")),
      ("waiting_for", optionalText("What it waits for.")),
      ("landed_commit", optionalText("The commit on the target.")),
      ("rework", optionalText("What the last attempt met, to be put right.")),
    ], required: ["id", "title", "category", "description", "steps", "depends_on", "state"],
    isOpen: true)

  static let featureList = object(
    [("features", list(featureFacts, "The features; empty when there is none."))],
    required: ["features"])
}
