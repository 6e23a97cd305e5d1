import { posix } from 'node:path'
import { parseDotenv } from '../../parsers/dotenv/parse-dotenv.ts'
import { phpCode } from '../../parsers/php/script.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import type { RootCommand } from './_root-commands.ts'

/**
 * Where an application is told to begin a new log file every day, which belongs to whoever writes into it first; null
 * where it is not, where the mode of the file lets others write, or where nobody knows.
 */
export function dailyLogOf({ framework, home, environment }: RootCommand, files: FileSystem): Place | null {
  if (framework === 'Symfony') return ofMonolog(files, home)
  const dotenv = sourceAt(files, posix.join(home, '.env'))
  const source = sourceAt(files, posix.join(home, 'config/logging.php'))
  if (dotenv === null || source === null) return null
  const variables = parseDotenv(dotenv)
  const setting = (name: string, otherwise: string): string | null => {
    const fact = environment(name) ?? variables.findLast(each => each.name === name)?.value
    return fact === undefined ? otherwise : fact.known ? fact.value : null
  }
  return ofLaravel(source, setting)
}

type Setting = (name: string, otherwise: string) => string | null

const ENV = String.raw`env\(\s*['"](\w+)['"]\s*,\s*['"]([\w,]+)['"]\s*\)`

function ofLaravel(source: Source, setting: Setting): Place | null {
  const code = phpCode(source)
  const [, variable = '', otherwise = ''] =
    new RegExp(String.raw`['"]default['"]\s*=>\s*${ENV}`).exec(code) ?? []
  const chosen = variable === '' ? null : setting(variable, otherwise)
  const channel = chosen === null ? null : channelOf(code, chosen)
  // A stack that passes over what its channels throw answers as before.
  if (channel === null || /['"]ignore_exceptions['"]\s*=>\s*true/.test(channel.text)) return null
  const inner = /['"]driver['"]\s*=>\s*['"]stack['"]/.test(channel.text)
    ? stacked(channel.text, setting)
    : [chosen]
  for (const name of inner) {
    const found = name === null ? null : channelOf(code, name)
    const driver = found === null ? null : /['"]driver['"]\s*=>\s*['"]daily['"]/.exec(found.text)
    if (found === null || driver === null || /['"]permission['"]/.test(found.text)) continue
    const start = found.start + driver.index
    return { source, start, end: start + driver[0].length }
  }
  return null
}

/** The channels of a stack. */
function stacked(text: string, setting: Setting): readonly (string | null)[] {
  const [, list] = /['"]channels['"]\s*=>\s*\[([^\]]*)\]/.exec(text) ?? []
  if (list !== undefined) return [...list.matchAll(/['"](\w+)['"]/g)].map(([, name]) => name ?? null)
  const [, variable, otherwise = ''] =
    new RegExp(String.raw`['"]channels['"]\s*=>\s*explode\([^;]*?${ENV}`).exec(text) ?? []
  return variable === undefined ? [] : (setting(variable, otherwise)?.split(',') ?? [])
}

function channelOf(code: string, name: string): { readonly start: number; readonly text: string } | null {
  const match = new RegExp(String.raw`['"]${name.replace(/\W/g, '')}['"]\s*=>\s*\[`).exec(code)
  if (match === null) return null
  const start = match.index + match[0].length
  let depth = 1
  let end = start
  for (; end < code.length && depth > 0; end++) {
    if (code[end] === '[') depth++
    if (code[end] === ']') depth--
  }
  return { start, text: code.slice(start, end) }
}

/** `rotating_file` of MonologBundle, for the environment `prod`. */
function ofMonolog(files: FileSystem, home: string): Place | null {
  const whole = sourceAt(files, posix.join(home, 'config/packages/prod/monolog.yaml'))
  const shared = sourceAt(files, posix.join(home, 'config/packages/monolog.yaml'))
  const blocks = [
    ...(whole === null ? [] : [{ source: whole, start: 0, text: whole.code }]),
    ...(shared === null
      ? []
      : [...shared.code.matchAll(/^(?:when@prod|monolog):[^\n]*\n(?:[ \t#][^\n]*\n|\n)*/gm)].map(match => ({
          source: shared,
          start: match.index,
          text: match[0],
        }))),
  ]
  for (const { source, start, text } of blocks) {
    const match = /^[ \t]+type:[ \t]*(["']?)rotating_file\1/m.exec(text)
    if (match === null || text.includes('file_permission')) continue
    return {
      source,
      start: start + match.index + match[0].search(/\S/),
      end: start + match.index + match[0].length,
    }
  }
  return null
}
