import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import type { AuditSettings } from '../audit.ts'
import type { Rule } from '../engine/rule.ts'
import { discover, type Machine } from '../files/discover.ts'
import { decodeText, displayPath, isFolder, systemReason } from '../files/disk-file-system.ts'
import { inferRoot } from '../files/infer-root.ts'
import { InputError } from '../files/input-error.ts'
import { splitNginxDump } from '../servers/nginx/dump.ts'
import type { ServerVersion } from '../servers/version.ts'
import type { Arguments } from './arguments.ts'
import { type Auditrc, EMPTY_AUDITRC } from './auditrc/auditrc.ts'
import { findAuditrc } from './auditrc/find-auditrc.ts'
import { loadParsers } from './load-parsers.ts'
import { ruleNames, selectRules } from './rule-selection.ts'
import type { Terminal } from './terminal.ts'
import { toolVersion } from './tool-version.ts'

/** Everything that the command line and `.auditrc` decide before the first server is understood. */
export interface Prepared {
  readonly machines: readonly Machine[]
  /** Of the report: that of the machine, or `.` where there are several. */
  readonly root: string
  readonly settings: AuditSettings
  /** True for a file, as a report names it, that `.auditrc` leaves out. */
  readonly ignores: (file: string) => boolean
}

/** Reads `.auditrc`, finds the machines and puts the settings together. Throws {@link InputError}. */
export async function prepare(
  given: Arguments,
  rules: readonly Rule[],
  terminal: Terminal,
): Promise<Prepared> {
  const { workingDirectory } = terminal
  const paths = given.words.length > 0 ? given.words : [defaultPath(given)]
  const { auditrc, folder } = await readAuditrc(given, paths, rules, terminal)
  const root = rootOf(given, auditrc, folder, workingDirectory)
  const ignoresDisk = await ignoredBy(auditrc.ignore, folder)
  const input = paths.includes('-') ? decodeText(await terminal.readInput()).text : null
  const machines = discover(paths, {
    workingDirectory,
    splitDump: splitNginxDump,
    ignores: ignoresDisk,
    ...(root !== null && { root }),
    ...(input !== null && { standardInput: { text: input, name: given.standardInputName } }),
  })
  const { environment, python } = await loadParsers(machines, [...given.defines, ...auditrc.defines])
  const [machine] = machines
  return {
    machines,
    root: machines.length === 1 && machine !== undefined ? machine.root : '.',
    ignores: file => ignoresDisk(resolve(workingDirectory, file)),
    settings: {
      toolVersion: toolVersion(),
      rules: selectRules(rules, { only: given.only, skip: given.skip, configured: auditrc.rules }),
      facts: auditrc.facts,
      versions: versionsOf(given, auditrc),
      includeMap: includeMapOf(auditrc, folder, root ?? inferRoot(locate(paths, workingDirectory)).root),
      environment,
      python,
    },
  }
}

/** A machine's own configuration where there is one; in a root, all of it. */
function defaultPath({ root }: Arguments): string {
  if (root !== null) return root
  return existsSync('/etc/nginx') || existsSync('/etc/apache2') || existsSync('/etc/httpd') ? '/etc' : '.'
}

interface FoundAuditrc {
  readonly auditrc: Auditrc
  /** To which its paths are relative. */
  readonly folder: string
}

async function readAuditrc(
  { config }: Arguments,
  paths: readonly string[],
  rules: readonly Rule[],
  terminal: Terminal,
): Promise<FoundAuditrc> {
  const { workingDirectory } = terminal
  const first = paths.find(path => path !== '-') ?? '.'
  const start = resolve(workingDirectory, first)
  const found = config.kind === 'search' ? findAuditrc(existsSync(start) ? realpathSync(start) : start) : null
  const file = config.kind === 'file' ? resolve(workingDirectory, config.path) : found
  if (file === null) return { auditrc: EMPTY_AUDITRC, folder: workingDirectory }
  const name = displayPath(file, workingDirectory)
  let text: string
  try {
    // A device may never end, and a fifo that lies about never begin; a fifo that was named is somebody's.
    const stats = statSync(file)
    const isReadable = stats.isFile() || stats.isDirectory() || (stats.isFIFO() && config.kind === 'file')
    text = isReadable ? readFileSync(file, 'utf8') : ''
    if (!isReadable && file !== '/dev/null') throw new InputError(`${name}: no regular file`)
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError(`${name}: cannot be read: ${systemReason(error)}`)
  }
  const { parseAuditrc } = await import('./auditrc/parse-auditrc.ts')
  return { auditrc: parseAuditrc(text, name, ruleNames(rules)), folder: dirname(file) }
}

function rootOf(given: Arguments, auditrc: Auditrc, folder: string, workingDirectory: string): string | null {
  const written = given.root ?? auditrc.root
  if (written === null) return null
  const root = resolve(given.root === null ? folder : workingDirectory, written)
  if (!isFolder(root)) {
    throw new InputError(`the root ${written} is no folder`)
  }
  return realpathSync(root)
}

/** Globs of `.auditrc`, which are relative to its folder; a folder's name leaves out all below it. */
async function ignoredBy(globs: readonly string[], folder: string): Promise<(path: string) => boolean> {
  if (globs.length === 0) return () => false
  const { default: picomatch } = await import('picomatch')
  const matches = picomatch(
    globs.flatMap(glob => {
      const plain = glob.replace(/^\.?\//, '').replace(/\/$/, '')
      return [plain, join(plain, '**')]
    }),
    { dot: true },
  )
  return path => matches(relative(folder, path))
}

/** A relative target is relative to `.auditrc`; the servers' code knows paths inside the root alone. */
function includeMapOf(auditrc: Auditrc, folder: string, root: string): Auditrc['includeMap'] {
  return auditrc.includeMap.map(({ from, to }) => ({
    from,
    to: isAbsolute(to) ? to : `/${relative(root, resolve(folder, to))}`,
  }))
}

/** The folder of the first audited path. */
function locate(paths: readonly string[], workingDirectory: string): string {
  const path = resolve(workingDirectory, paths.find(path => path !== '-') ?? '.')
  return isFolder(path) ? path : dirname(path)
}

function versionsOf(given: Arguments, auditrc: Auditrc): AuditSettings['versions'] {
  const version = (value: string | undefined, from: ServerVersion['from']): ServerVersion | undefined =>
    value === undefined ? undefined : { value, from, at: null }
  const nginx =
    version(given.nginxVersion ?? undefined, 'option') ?? version(auditrc.versions.nginx, 'configuration')
  const apache = version(auditrc.versions.apache, 'configuration')
  return { ...(nginx !== undefined && { nginx }), ...(apache !== undefined && { apache }) }
}
