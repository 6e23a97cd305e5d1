import { posix } from 'node:path'
import { overlap } from '../../parsers/text/is-below.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'

/** An `Alias` for CGI scripts, or `Options ExecCGI` where such lie, and no handler that would run them. */
export function* cgiWithoutHandler(
  configuration: ApacheConfiguration,
  files: FileSystem,
): Iterable<RuleFinding> {
  const aliases = configuration.occurrences.get('alias') ?? []
  const options = everywhere(configuration, files, 'options').filter(({ parent }) => isDirectory(parent))
  if (aliases.length + options.length === 0) return
  const isComplete = isWhole(configuration)
  const said = new Set<string>()
  for (const alias of aliases) {
    const directory = withoutSlash(alias.args[1]?.value ?? '')
    const permitting = options.find(line => permits(line) && directoryOf(line) === directory)
    const script = scriptIn(files, directory)
    if (!directory.startsWith('/') || !isSettled(directory)) continue
    if (!FOR_SCRIPTS.test(alias.args[0]?.value ?? '') && (permitting === undefined || script === null))
      continue
    if (permitting === undefined && script === null) continue
    if (said.has(directory) || mayHaveHandler(configuration, files, directory)) continue
    said.add(directory)
    yield {
      at: argumentPlace(alias, 0),
      severity: isComplete ? 'error' : 'warning',
      message: `\`Alias\` names no handler, and nothing else does, so ${script === null ? `scripts in \`${directory}\` are` : `\`${posix.join(directory, script)}\` is`} sent as source`,
      related: permitting === undefined ? [] : [related(permitting)],
      help: 'Write `ScriptAlias` in place of `Alias`, or `AddHandler cgi-script .cgi .pl` beside `Options +ExecCGI`',
    }
  }
  for (const line of options) {
    const directory = permits(line) ? directoryOf(line) : null
    if (directory !== null) yield* handlersOfOthers(configuration, files, directory)
    if (!isComplete) continue
    const script = directory === null ? null : scriptIn(files, directory)
    if (directory === null || script === null || said.has(directory)) continue
    if (mayHaveHandler(configuration, files, directory)) continue
    said.add(directory)
    yield {
      ...related(line),
      message: `\`ExecCGI\` permits scripts, and no handler runs them, so \`${posix.join(directory, script)}\` is sent as source`,
      help: 'Write `AddHandler cgi-script .cgi .pl` beside it',
    }
  }
}

/** How people call the URL of CGI scripts. */
const FOR_SCRIPTS = /^\/(?:[\w-]+\/)*(?:fast)?cgi(?:-?bin)?\/?$/i

function related(line: ApacheDirective) {
  const index = line.args.findIndex(({ value }) => EXEC_CGI.test(value))
  return { at: argumentPlace(line, index), message: 'permits scripts, and runs none' }
}

const EXEC_CGI = /^\+?ExecCGI$/i

function permits({ args }: ApacheDirective): boolean {
  return args.some(({ value }) => EXEC_CGI.test(value))
}

function isDirectory(section: ApacheDirective | null): boolean {
  return section?.name.toLowerCase() === 'directory'
}

/** The directory of the section that holds a line; null for a pattern, and for what a variable fills in. */
function directoryOf({ parent }: ApacheDirective): string | null {
  const [path, ...others] = isDirectory(parent) ? (parent?.args ?? []).map(({ value }) => value) : []
  if (path === undefined || others.length > 0 || !path.startsWith('/') || !isSettled(path)) return null
  return /[*?[~]/.test(path) ? null : withoutSlash(path)
}

function withoutSlash(path: string): string {
  return path.replace(/(?<=.)\/+$/, '')
}

/**
 * Handlers for other endings than that of every script of a directory that permits them: with one for `.cgi` alone a
 * `.py` is sent as source.
 */
function* handlersOfOthers(
  configuration: ApacheConfiguration,
  files: FileSystem,
  directory: string,
): Iterable<RuleFinding> {
  const script = scriptIn(files, directory)
  const handlers = everywhere(configuration, files, 'addhandler').filter(line => {
    const section = sectionOfDirectory(line)
    return isOfCgi(line) && section !== null && meet(directory, section)
  })
  const [line, ...others] = handlers
  if (script === null || line === undefined || others.length > 0 || !isDirectory(line.parent)) return
  const endings = line.args.slice(1).map(({ value }) => value.replace(/^\.?/, '.').toLowerCase())
  const names = (files.list(directory) ?? []).map(({ name }) => name.toLowerCase())
  if (endings.length === 0 || names.some(name => endings.some(each => `${name}.`.includes(`${each}.`))))
    return
  if (mayHaveHandler(configuration, files, directory, line)) return
  yield {
    at: argumentPlace(line, line.args.length - 1),
    severity: isWhole(configuration) ? 'error' : 'warning',
    message: `the handler is for \`${endings.join(' ')}\` alone, so \`${posix.join(directory, script)}\` is sent as source`,
    help: `Add \`${posix.extname(script)}\``,
  }
}

function isOfCgi({ args }: ApacheDirective): boolean {
  return args[0]?.value.toLowerCase() === 'cgi-script'
}

/** A file of a directory that is a CGI script by its ending and by its first line. */
function scriptIn(files: FileSystem, directory: string): string | null {
  for (const { name, kind } of (files.list(directory) ?? []).slice(0, MOST_FILES)) {
    if (kind !== 'file' || !/\.(?:cgi|pl|py|rb|sh)$/i.test(name)) continue
    const read = files.read(posix.join(directory, name))
    if (read.kind === 'source' && /^#!\s*\//.test(read.source.text)) return name
  }
  return null
}

/** More files of one directory are data. */
const MOST_FILES = 200

/** Handlers that run programs, whoever brings them. */
const RUNS = /cgi|perl|wsgi|python|lua|mono|passenger|^proxy:|\$\{|%\{/i

/** True where some line may give a directory, or a part of it, a handler that runs what lies there. */
function mayHaveHandler(
  configuration: ApacheConfiguration,
  files: FileSystem,
  directory: string,
  except: ApacheDirective | null = null,
): boolean {
  const linesOf = (name: string): readonly ApacheDirective[] => everywhere(configuration, files, name)
  if (OWN_HANDLERS.some(name => linesOf(name).length > 0)) return true
  const aliases = ['scriptalias', 'wsgiscriptalias'].flatMap(linesOf)
  if (aliases.some(({ args }) => meet(directory, args[1]?.value ?? ''))) return true
  return ['sethandler', 'addhandler', 'addtype', 'forcetype'].flatMap(linesOf).some(line => {
    if (line === except || !RUNS.test(line.args[0]?.value ?? '') || isForPhp(line)) return false
    const section = sectionOfDirectory(line)
    return section === null || meet(directory, section)
  })
}

/** PHP runs its own files, and no scripts of CGI. */
function isForPhp({ args, parent }: ApacheDirective): boolean {
  return [...args, ...(parent?.args ?? [])].some(({ value }) => /php|ph\(?p/i.test(value))
}

/** What brings a handler of its own, or one for what a pattern matches. */
const OWN_HANDLERS = [
  'action',
  'scriptaliasmatch',
  'fcgidwrapper',
  'fastcgiserver',
  'fastcgiwrapper',
  'perlhandler',
]

/** The directory that a line holds for: of the section around it, or of its `.htaccess`; null for all of them. */
function sectionOfDirectory(line: ApacheDirective): string | null {
  for (let at = line.parent; at !== null; at = at.parent)
    if (isDirectory(at)) return /[*?[~$]/.test(at.args[0]?.value ?? '') ? null : (at.args[0]?.value ?? null)
  const { path } = line.source
  return posix.basename(path) === '.htaccess' ? posix.dirname(path) : null
}

/** True for one directory in the other, and for what nobody knows. */
function meet(directory: string, other: string): boolean {
  const path = withoutSlash(other)
  return !isSettled(path) || overlap(path, directory)
}
