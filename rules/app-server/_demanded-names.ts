import type { Place, Source } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** A variable of the environment that the code of an application asks for, and cannot be loaded without. */
export interface DemandedName {
  readonly name: string
  readonly at: Place
  /** What Python says without it. */
  readonly says: string
}

/** Code that fills the environment, or reads a file in its place. */
const LOADS =
  /dotenv|read_env|decouple|dynaconf|environs|env_file|starlette\.config|configurations|environ\.update/

/**
 * What files demand when they are loaded: at their top level, in the bodies of classes, in a factory that is called,
 * and of a class of pydantic-settings. None where one of them may set variables itself.
 *
 * @param factory the function that the server calls
 */
export function demandedNames(
  files: FileSystem,
  paths: readonly string[],
  factory: string | null,
): readonly DemandedName[] {
  const sources = paths.flatMap(path => sourceAt(files, path) ?? [])
  if (sources.some(({ text }) => LOADS.test(text))) return []
  const codes = sources.map(source => ({ source, code: withoutTexts(source.text) }))
  const called = new Set(
    codes.flatMap(({ code }) => [...code.matchAll(/^(?:\w+\s*=\s*)?(\w+)\(/gm)].map(([, name = '']) => name)),
  )
  if (factory !== null) called.add(factory)
  // What the code sets or looks for first, it may do without.
  const own = new Set(
    codes.flatMap(({ code }) =>
      [
        ...code.matchAll(
          /environ\.(?:setdefault|get|pop)\(\s*(['"])(\w+)\1|environ\[(['"])(\w+)\3\]\s*=(?!=)|(['"])(\w+)\5\s+(?:not\s+)?in\s+os\.environ|getenv\(\s*(['"])(\w+)\7/g,
        ),
      ].map(match => match[2] ?? match[4] ?? match[6] ?? match[8] ?? ''),
    ),
  )
  return codes
    .flatMap(({ source, code }) => [...readsOf(source, code, called), ...fieldsOf(source, code)])
    .filter(({ name }) => !own.has(name))
}

/** Comments and texts of several lines are blank, and everything else is where it was. */
function withoutTexts(text: string): string {
  return text.replace(
    /("""|''')[\s\S]*?\1|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|#[^\n]*/g,
    (whole: string, _: unknown, short: string | undefined) =>
      short === undefined ? whole.replace(/[^\n]/g, ' ') : whole,
  )
}

/** `os.environ["NAME"]` in statements that are executed whatever happens. */
function* readsOf(source: Source, code: string, called: ReadonlySet<string>): Iterable<DemandedName> {
  const blocks: { readonly indent: number; readonly runs: boolean }[] = []
  let ended = false
  for (const { text, start } of statementsOf(code)) {
    const indent = /^[ \t]*/.exec(text)![0].length
    while (blocks.length > 0 && blocks.at(-1)!.indent >= indent) blocks.pop()
    if (indent === 0) ended = false
    const runs = !ended && blocks.every(block => block.runs)
    // A function that may return, or a class that is one of several, goes no further with certainty.
    if (/^\s+(?:return|raise)\b/.test(text) || /^(?:sys\.)?exit\(/.test(text)) ended = true
    const isBlock = /:\s*$/.test(text)
    if (isBlock) {
      const [, kind, name = ''] = /^\s*(class|def)\s+(\w+)/.exec(text) ?? []
      blocks.push({ indent, runs: kind === 'class' || (kind === 'def' && indent === 0 && called.has(name)) })
      continue
    }
    if (!runs || /\b(?:if|or|and|lambda|for)\b|^\s*(?:def|class|@|with|try|return)\b/.test(text)) continue
    for (const { 0: whole, 2: name = '', index } of text.matchAll(
      /\bos\.environ\[(['"])(\w+)\1\](?!\s*=(?!=))/g,
    )) {
      const from = start + index
      yield { name, at: { source, start: from, end: from + whole.length }, says: `KeyError: '${name}'` }
    }
  }
}

/** Lines of code, with those that brackets join to them. */
function* statementsOf(code: string): Iterable<{ readonly text: string; readonly start: number }> {
  let start = 0
  let depth = 0
  let text = ''
  let at = 0
  for (const line of code.split('\n')) {
    if (text === '') start = at
    text += `${line}\n`
    at += line.length + 1
    const bare = line.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g, '')
    depth += (bare.match(/[([{]/g)?.length ?? 0) - (bare.match(/[)\]}]/g)?.length ?? 0)
    if (depth > 0 || /\\$/.test(line)) continue
    depth = 0
    if (text.trim() !== '') yield { text, start }
    text = ''
  }
}

/** The fields without a default of a class of pydantic-settings that the same file makes one of. */
function* fieldsOf(source: Source, code: string): Iterable<DemandedName> {
  if (!/^from\s+pydantic_settings\s+import\b.*\bBaseSettings\b/m.test(code)) return
  for (const match of code.matchAll(
    /^class\s+(\w+)\((?:BaseSettings)\):[^\n]*\n((?:[ \t]+[^\n]*\n|\n)+)/gm,
  )) {
    const [whole, name = '', body = ''] = match
    if (!new RegExp(String.raw`^\w+(?:\s*:\s*\w+)?\s*=\s*${name}\(\)`, 'm').test(code)) continue
    // A prefix, sources of one's own, secrets of Docker, or a validator that fills in what is missing.
    if (/env_prefix|customise_sources|secrets_dir|validator|class\s+Config|@|env_nested/.test(body)) continue
    const begin = match.index + whole.length - body.length
    const indent = /^[ \t]+/.exec(body)?.[0] ?? ''
    for (const field of body.matchAll(/^([ \t]+)(\w+)[ \t]*:[ \t]*([^=\n]+?)[ \t]*$/gm)) {
      const [, own = '', variable = '', type = ''] = field
      if (
        own !== indent ||
        /ClassVar|\($|^(?:pass|else)/.test(type) ||
        /^(?:model_config|def|class|if|else|try)$/.test(variable)
      )
        continue
      if (!/^[A-Za-z]/.test(variable)) continue
      const start = begin + field.index + own.length
      yield {
        name: variable.toUpperCase(),
        at: { source, start, end: start + variable.length },
        says: 'ValidationError: Field required',
      }
    }
  }
}

const READERS =
  'str|bool|int|float|list|tuple|dict|json|url|db|db_url|cache|cache_url|email|email_url|path|bytes'

/** What settings of Django read by django-environ without a default, where nothing loads a file of variables. */
export function demandedOfEnviron(files: FileSystem, paths: readonly string[]): readonly DemandedName[] {
  const sources = paths.flatMap(path => sourceAt(files, path) ?? [])
  if (sources.some(({ text }) => LOADS.test(text) || /\.prefix\s*=|\benviron\s*=/.test(text))) return []
  return sources.flatMap(source => {
    const code = withoutTexts(source.text)
    const [, reader = '', scheme = ''] =
      /^(\w+)\s*=\s*environ\.(?:File(?:Aware)?)?Env\(([^()]*(?:\([^()]*\)[^()]*)*)\)/m.exec(code) ?? []
    if (reader === '' || !/^import\s+environ\b/m.test(code)) return []
    const call = new RegExp(String.raw`\b${reader}(?:\.(?:${READERS}))?\(\s*(['"])(\w+)\1\s*\)`, 'g')
    return [...statementsOf(code)].flatMap(({ text, start }) =>
      // Below a condition it may not be asked for.
      /^\s/.test(text) || /\b(?:if|or|and|lambda|for)\b|^(?:def|class|@)\b/.test(text)
        ? []
        : [...text.matchAll(call)].flatMap(({ 0: whole, 2: name = '', index }) =>
            new RegExp(String.raw`\b${name}\s*=\s*\(`).test(scheme)
              ? []
              : {
                  name,
                  at: { source, start: start + index, end: start + index + whole.length },
                  says: `ImproperlyConfigured: Set the ${name} environment variable`,
                },
          ),
    )
  })
}
