import { existsSync, realpathSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import type { AuditSettings } from '../audit.ts'
import type { Rule } from '../engine/rule.ts'
import { discover, type Machine } from '../files/discover.ts'
import { decodeText, isBelow, isFolder } from '../files/disk-file-system.ts'
import { inferRoot } from '../files/infer-root.ts'
import { InputError } from '../files/input-error.ts'
import { splitNginxDump } from '../servers/nginx/dump.ts'
import type { ServerVersion } from '../servers/version.ts'
import type { Arguments } from './arguments.ts'
import type { Auditrc } from './auditrc/auditrc.ts'
import {
  includeMapOfAuditrc,
  type LoadedAuditrc,
  loadAuditrc,
  rootOfAuditrc,
} from './auditrc/load-auditrc.ts'
import { defaultPath } from './default-path.ts'
import { loadParsers } from './load-parsers.ts'
import { ruleNames, selectRules } from './rule-selection.ts'
import type { Terminal } from './terminal.ts'
import { meantRule } from './unknown-rule.ts'
import { toolVersion } from './tool-version.ts'

/** Everything that the command line and `.auditrc` decide before the first server is understood. */
export interface Prepared {
  readonly machines: readonly Machine[]
  /** Of the report: that of the machine, or `.` where there are several. */
  readonly root: string
  readonly settings: AuditSettings
  /** True for a file, as a report names it, that `.auditrc` leaves out. */
  readonly ignores: (file: string) => boolean
  /** What was decided and why, a line each, for `-v`. */
  readonly decisions: readonly string[]
}

/** Reads `.auditrc`, finds the machines and puts the settings together. Throws {@link InputError}. */
export async function prepare(
  given: Arguments,
  rules: readonly Rule[],
  terminal: Terminal,
): Promise<Prepared> {
  const { workingDirectory } = terminal
  const paths = given.words.length > 0 ? given.words : [defaultPath(given, terminal)]
  const loaded = await readAuditrc(given, paths, rules, terminal)
  const { auditrc } = loaded
  const root = rootOf(given, loaded, workingDirectory)
  const includeMap = includeMapOfAuditrc(loaded, root ?? inferRoot(locate(paths, workingDirectory)).root)
  const ignoresDisk = await ignoredBy(loaded)
  const input = paths.includes('-') ? await terminal.readInput(MAXIMUM_INPUT) : null
  const machines = discover(paths, {
    workingDirectory,
    splitDump: splitNginxDump,
    ignores: ignoresDisk,
    ...(root !== null && { root }),
    ...(input !== null && {
      standardInput: {
        text: decodeText(input.bytes).text,
        name: given.standardInputName,
        limit: input.isWhole ? null : `${MAXIMUM_INPUT / 1_000_000} MB`,
      },
    }),
  })
  const parsers = await loadParsers(machines, [...given.defines, ...auditrc.defines])
  const [machine] = machines
  return {
    machines,
    root: machines.length === 1 && machine !== undefined ? machine.root : '.',
    ignores: file => ignoresDisk(resolve(workingDirectory, file)),
    decisions: [
      ...(given.words.length === 0
        ? [`${paths[0]} is audited: ${DEFAULT_PATHS[paths[0] === '/etc' ? 'machine' : 'here']}`]
        : []),
      configDecision(given, loaded),
      ...machines.map(each => `${each.root} stands for the machine's root`),
    ],
    settings: {
      toolVersion: toolVersion(),
      rules: selectRules(rules, { only: given.only, skip: given.skip, configured: auditrc.rules }),
      facts: auditrc.facts,
      versions: versionsOf(given, auditrc),
      includeMap,
      ...parsers,
      suppression: {
        known: ruleNames(rules),
        nearest: name => meantRule(name, ruleNames(rules)),
        isWhole: paths.every(path => path !== '-' && isFolder(resolve(workingDirectory, path))),
      },
    },
  }
}

const DEFAULT_PATHS = {
  machine: 'this directory holds no .auditrc, no repository and no configuration',
  here: 'no path is given',
} as const

function configDecision({ config }: Arguments, { name }: LoadedAuditrc): string {
  if (name !== null)
    return config.kind === 'file' ? `${name} is read` : `${name} is read: the nearest .auditrc`
  return config.kind === 'none' ? 'no .auditrc is read: --no-config' : 'there is no .auditrc'
}

/** Bytes of standard input that are read: an `nginx -T` dump of ten thousand sites has half of it. */
const MAXIMUM_INPUT = 20_000_000

function readAuditrc(
  { config }: Arguments,
  paths: readonly string[],
  rules: readonly Rule[],
  { workingDirectory }: Terminal,
): Promise<LoadedAuditrc> {
  const start = resolve(workingDirectory, paths.find(path => path !== '-') ?? '.')
  return loadAuditrc({
    config,
    start: existsSync(start) ? realpathSync(start) : start,
    workingDirectory,
    knownRules: ruleNames(rules),
  })
}

function rootOf(given: Arguments, loaded: LoadedAuditrc, workingDirectory: string): string | null {
  if (given.root === null) return rootOfAuditrc(loaded)
  const root = resolve(workingDirectory, given.root)
  if (!isFolder(root)) throw new InputError(`the root ${given.root} is no directory`)
  return realpathSync(root)
}

/** Globs of `.auditrc`, which are relative to its folder; a folder's name leaves out all below it. */
async function ignoredBy({ auditrc, folder, isFound }: LoadedAuditrc): Promise<(path: string) => boolean> {
  const globs = auditrc.ignore
  if (globs.length === 0) return () => false
  const { globMatcher } = await import('./auditrc/ignore-globs.ts')
  const matches = globMatcher(
    globs.flatMap(glob => {
      const plain = glob.replace(/^\.?\//, '').replace(/\/$/, '')
      return [plain, join(plain, '**')]
    }),
  )
  return path => (!isFound || isBelow(path, folder)) && matches(relative(folder, path))
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
