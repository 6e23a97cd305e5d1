import type { Place, Source } from '../../parsers/text/source.ts'
import { withoutComments } from '../../parsers/python/without-comments.ts'
import type { AppServerProgram } from '../../src/deployment/model.ts'

/** A call that makes an engine of SQLAlchemy, and where its URL comes from. */
export interface SqlAlchemyEngine {
  readonly isAsync: boolean
  /** The name of the function. */
  readonly at: Place
  readonly url: WrittenUrl | UrlOfVariable
}

interface WrittenUrl {
  readonly kind: 'written'
  /** As far as it is written out: of a template what stands before its first brace. */
  readonly text: string
  readonly at: Place
}

interface UrlOfVariable {
  readonly kind: 'variable'
  readonly name: string
  /** What is taken where the variable is not set. */
  readonly otherwise: WrittenUrl | null
  /** True where a class of settings reads it, which may have it from elsewhere too. */
  readonly isField: boolean
}

const CALL = /\b(create_async_engine|create_engine)\(\s*/g
const OF_FLASK = /\bSQLALCHEMY_DATABASE_URI\b(?:['"]?\]?\s*=\s*(?!=)|['"]\s*:\s*)/g

/** The engines of a file whose URL is an expression of a kind that is understood. */
export function enginesIn(source: Source): readonly SqlAlchemyEngine[] {
  const code = withoutComments(source.code)
  const engine = (name: string, start: number, argument: number): readonly SqlAlchemyEngine[] => {
    const url = urlAt(source, code, argument)
    const at = { source, start, end: start + name.length }
    // `AsyncEngine(create_engine(url))` is how SQLModel shows it.
    const isAsync = name === 'create_async_engine' || /\bAsyncEngine\(\s*$/.test(code.slice(0, start))
    return url === null ? [] : [{ isAsync, at, url }]
  }
  return [
    ...[...code.matchAll(CALL)].flatMap(call => engine(call[1]!, call.index, call.index + call[0].length)),
    ...[...code.matchAll(OF_FLASK)].flatMap(line =>
      engine('SQLALCHEMY_DATABASE_URI', line.index, line.index + line[0].length),
    ),
  ]
}

const TEXT = /^(f?)(["'])([^"'\n\\]*)\2/
const READ =
  /^(?:os\.)?(?:environ\[\s*(["'])(\w+)\1\s*\]|(?:environ\.get|getenv)\(\s*(["'])(\w+)\3\s*(?:,\s*(?=["']))?)/
const FIELD = /^(?:str\(\s*)?(?:\w*settings|\w*config|get_settings\(\)|get_config\(\))\.(\w+)\s*(?=[,)\n])/i

/** The expression at an offset, or the one that the only line of a name gives it. */
function urlAt(source: Source, code: string, start: number, isNamed = false): SqlAlchemyEngine['url'] | null {
  const rest = code.slice(start)
  const written = writtenAt(source, code, start)
  if (written !== null) return written
  const read = READ.exec(rest)
  if (read !== null) {
    const name = read[2] ?? read[4]!
    const end = start + read[0].length
    const otherwise = writtenAt(source, code, end)
    const after = code.slice(otherwise === null ? end : otherwise.at.end)
    return /^['"]?\s*[\]),}]?\s*(?:[,)\n]|$)/.test(after)
      ? { kind: 'variable', name, otherwise, isField: false }
      : null
  }
  const field = FIELD.exec(rest)?.[1]
  if (field !== undefined) return { kind: 'variable', name: field, otherwise: null, isField: true }
  const name = /^(\w+)\s*[,)]/.exec(rest)?.[1]
  if (name === undefined || isNamed) return null
  const lines = [...code.matchAll(new RegExp(`^${name}\\s*(?::[^=\\n]+)?=\\s*(?!=)`, 'gm'))]
  const [line, ...others] = lines
  // Whoever writes it twice changes it in between.
  if (line === undefined || others.length > 0 || new RegExp(`^[ \\t]+${name}\\s*[+]?=`, 'm').test(code))
    return null
  return urlAt(source, code, line.index + line[0].length, true)
}

/** A text that begins with a scheme. */
function writtenAt(source: Source, code: string, offset: number): WrittenUrl | null {
  const [whole, template, , text = ''] = TEXT.exec(code.slice(offset)) ?? []
  if (whole === undefined || template === undefined) return null
  const start = offset + template.length + 1
  // What follows may change it.
  if (/^\s*(?:\.|%|\+)/.test(code.slice(offset + whole.length))) return null
  return {
    kind: 'written',
    text: template === '' ? text : (text.split('{')[0] ?? ''),
    at: { source, start, end: start + text.length },
  }
}

/** The text of a URL, and where it is given. */
interface GivenUrl {
  readonly text: string
  readonly at: Place
}

/** The URL that an engine gets where the program is started; null where nobody knows. */
export function urlOf({ url }: SqlAlchemyEngine, { environment }: AppServerProgram): GivenUrl | null {
  if (url.kind === 'written') return url
  const fact = environment(url.name) ?? environment(url.name.toUpperCase())
  if (fact === null) return url.otherwise
  return fact.known && fact.at !== null ? { text: fact.value, at: fact.at } : null
}
