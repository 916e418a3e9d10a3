// Colours for common languages, line by line: comments, texts, numbers and words of the language.

const C = "break case const continue default do else enum extern for goto if return sizeof static struct switch typedef union void while int long char float double unsigned signed short bool class public private protected virtual template namespace using new delete this throw try catch auto nullptr true false";
const LANGUAGES = {
  c: [C, "//"], h: [C, "//"], cc: [C, "//"], cpp: [C, "//"], hpp: [C, "//"], cs: [`${C} var async await string foreach in out ref get set`, "//"],
  js: ["async await break case catch class const continue default delete do else export extends false finally for from function if import in instanceof let new null of return static super switch this throw true try typeof undefined var void while yield", "//"],
  swift: ["actor any as associatedtype async await break case catch class continue default defer do else enum extension fallthrough false fileprivate final for func guard if import in init inout internal is let mutating nil open override package private protocol public repeat rethrows return self Self some static struct subscript super switch throw throws true try typealias var where while", "//"],
  py: ["and as assert async await break class continue def del elif else except False finally for from global if import in is lambda None nonlocal not or pass raise return True try while with yield match self", "#"],
  go: ["break case chan const continue default defer else fallthrough for func go goto if import interface map nil package range return select struct switch true false type var", "//"],
  rs: ["as async await break const continue crate else enum extern false fn for if impl in let loop match mod move mut pub ref return self Self static struct super trait true type unsafe use where while", "//"],
  java: [`${C} abstract boolean byte extends final finally implements import instanceof interface native null package super synchronized throws`, "//"],
  rb: ["alias and begin break case class def do else elsif end ensure false for if in module next nil not or redo rescue retry return self super then true undef unless until when while yield", "#"],
  sh: ["case do done elif else esac exit export fi for function if in local return set shift then trap unset until while", "#"],
  yml: ["true false null", "#"], toml: ["true false", "#"], json: ["true false null", null], sql: ["select from where insert into update delete create table index and or not null join left on order by group limit values set primary key", "--"],
  css: ["important media root not", null], html: ["", null], make: ["define endef ifdef ifndef ifeq ifneq else endif include export override", "#"],
};
const OTHER = { jsx: "js", ts: "js", tsx: "js", mjs: "js", bash: "sh", zsh: "sh", yaml: "yml", kt: "java", cxx: "cpp", hh: "hpp", mk: "make", xml: "html", svg: "html", php: "js" };

const words = new Map();

/** The language of a path; nothing where it has none that is known. */
export function language(path) {
  const name = path.split("/").at(-1);
  const end = name === "Makefile" || name === "GNUmakefile" ? "make" : name.split(".").at(-1).toLowerCase();
  const key = OTHER[end] ?? end;
  if (!LANGUAGES[key]) return null;
  if (!words.has(key)) words.set(key, { keywords: new Set(LANGUAGES[key][0].split(" ")), comment: LANGUAGES[key][1], key });
  return words.get(key);
}

const PARTS = /("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|`(?:[^`\\]|\\.)*`?)|(\b\d[\w.]*\b)|([A-Za-z_$][\w$]*)|(<\/?[A-Za-z][\w-]*|\/?>)/g;

/** Splits a line into `[kind, text]`; the texts together are the line. */
export function parts(line, tongue) {
  if (!tongue || line.length > 2000) return [["", line]];
  const result = [];
  const put = (kind, text) => {
    if (text) result.push([kind, text]);
  };
  let last = 0;
  PARTS.lastIndex = 0;
  const comment = commentStart(line, tongue.comment);
  const code = comment < 0 ? line : line.slice(0, comment);
  for (let match = PARTS.exec(code); match; match = PARTS.exec(code)) {
    const [whole, text, number, word, tag] = match;
    const kind = text ? "text" : number ? "number" : word && tongue.keywords.has(tongue.key === "sql" ? word.toLowerCase() : word) ? "word"
      : tag && tongue.key === "html" ? "word" : "";
    put("", code.slice(last, match.index));
    put(kind, whole);
    last = match.index + whole.length;
  }
  put("", code.slice(last));
  if (comment >= 0) put("comment", line.slice(comment));
  return result;
}

function commentStart(line, sign) {
  if (!sign) return -1;
  let quote = null;
  for (let index = 0; index < line.length; index += 1) {
    const character = line[index];
    if (quote) {
      if (character === "\\") index += 1;
      else if (character === quote) quote = null;
    } else if (character === '"' || character === "'" || character === "`") quote = character;
    else if (line.startsWith(sign, index) && (sign !== "#" || index === 0 || /\s/.test(line[index - 1]))) return index;
  }
  return -1;
}
