import { existsSync, realpathSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { recent } from '../../parsers/collections/recent.ts'
import type { AuditSettings } from '../understand/settings.ts'
import type { Finding } from '../engine/finding.ts'
import type { Rule } from '../engine/rule.ts'
import { discover, type Machine } from '../files/discover.ts'
import { isDirectory } from '../files/disk-file-system.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import { inferRoot } from '../files/infer-root.ts'
import { InputError } from '../files/input-error.ts'
import { splitNginxDump } from '../servers/nginx/dump.ts'
import type { Arguments } from './arguments.ts'
import { ignoredBy, type Layers, layersOf, overridesOf, severitiesOf } from './auditrc/layers.ts'
import { type LoadedAuditrc, loadAuditrc, loadMachineAuditrc, rootOfAuditrc } from './auditrc/load-auditrc.ts'
import { defaultPath } from './default-path.ts'
import { severityFilter } from './overridden-severity.ts'
import { ruleNames } from './rule-selection.ts'
import { settingsFrom } from './settings-from.ts'
import { laidText, readStandardInput } from './standard-input.ts'
import type { Terminal } from './terminal.ts'

/** Everything that the command line and `.auditrc` decide before the first server is understood. */
export interface Prepared {
  readonly machines: readonly Machine[]
  /** Of the report: that of the machine, or `.` where there are several. */
  readonly root: string
  /** Of the first machine, and of each. */
  readonly settings: AuditSettings
  readonly settingsOf: (machine: Machine) => AuditSettings
  /** True for a file, as a report names it, that `.auditrc` leaves out. */
  readonly ignores: (file: string) => boolean
  /** A finding as `overrides` of `.auditrc` has it; null where it is off in its file. */
  readonly override: (finding: Finding) => Finding | null
  /** Absolute; what the command line names, or means. */
  readonly paths: readonly string[]
  /** What was decided and why, a line each, for `-v`. */
  readonly decisions: readonly string[]
}

/**
 * Reads `.auditrc`, finds the machines and puts the settings together. Throws {@link InputError}.
 *
 * @param texts in place of files, by absolute path of this machine, links resolved
 */
export async function prepare(
  given: Arguments,
  rules: readonly Rule[],
  terminal: Terminal,
  texts: ReadonlyMap<string, string> = new Map(),
): Promise<Prepared> {
  const { workingDirectory } = terminal
  const asked = given.words.length > 0 ? given.words : [defaultPath(given, terminal)]
  const input = await readStandardInput(asked, given, terminal)
  const laid = laidText(input, asked, given, terminal)
  const words = laid?.tree ?? asked
  const loaded = await readAuditrc(given, laid === null ? words : [laid.path], rules, terminal)
  const layers = layersOf(loaded)
  const root = rootOf(given, layers, workingDirectory)
  const allTexts = laid === null ? texts : new Map([...texts, [laid.path, laid.text]])
  const find = (paths: readonly string[], ignores: (path: string) => boolean): readonly Machine[] =>
    discover(paths, {
      workingDirectory,
      splitDump: splitNginxDump,
      ignores,
      ...(allTexts.size > 0 && { texts: allTexts }),
      as: given.as,
      ...(root !== null && { root }),
      ...(input !== null && laid === null && { standardInput: input }),
    })
  const findAll = (ignores: (path: string) => boolean): readonly Machine[] =>
    laid === null ? find(words, ignores) : findWith(laid.path, words, paths => find(paths, ignores))
  const first = findAll(await ignoredBy(layers))
  const own = await machineLayers(given, first, layers, rules, terminal)
  const everywhere = [...own.values()].flat()
  const ignores = await ignoredBy([...layers, ...everywhere])
  // What a machine's own file leaves out shows only once the machine is found.
  const machines = everywhere.some(({ auditrc }) => auditrc.ignore.length > 0) ? findAll(ignores) : first
  const layersFor = ({ root }: Machine): Layers => [...(own.get(root) ?? []), ...layers]

  const paths = words.filter(path => path !== '-').map(path => resolve(workingDirectory, path))
  const baseRoot = root ?? inferRoot(locate(words, workingDirectory)).root
  const isWhole = words.every(path => path !== '-' && isDirectory(resolve(workingDirectory, path)))
  const overrides = await overridesOf([...everywhere, ...layers])
  const settings = await settingsFrom({
    given,
    rules,
    machines,
    layersFor,
    rootFor: machine => (own.has(machine.root) ? resolve(workingDirectory, machine.root) : baseRoot),
    overrides,
    isWhole,
  })
  const [machine] = machines
  const names = [...layers, ...everywhere].flatMap(({ name }) => (name === null ? [] : [name]))
  return {
    machines,
    root: machines.length === 1 && machine !== undefined ? machine.root : '.',
    settings: settings(machine ?? null),
    settingsOf: settings,
    // Of one file there may be thousands of findings.
    ignores: recent(file => {
      const path = resolve(workingDirectory, file)
      return ignores(path) || (laid?.isAlone === true && path !== laid.path)
    }),
    override: severityFilter(
      given,
      overrides,
      rule => severitiesOf(layers)(rule) === 'off',
      workingDirectory,
    ),
    paths,
    decisions: [
      ...(given.words.length === 0
        ? [`${words[0]} is audited: ${DEFAULT_PATHS[words[0] === '/etc' ? 'machine' : 'here']}`]
        : []),
      ...(names.length > 0 ? names.map(name => `${name} is read`) : [NO_CONFIG[given.config.kind]]),
      ...machines.map(each => `${each.root} stands for the machine's root`),
    ],
  }
}

const DEFAULT_PATHS = {
  machine: 'this directory holds no .auditrc, no repository and no configuration',
  here: 'no path is given',
} as const

const NO_CONFIG = {
  none: 'no .auditrc is read: --no-config',
  search: 'there is no .auditrc',
  file: 'there is no .auditrc',
} as const

/** The machines of a tree and of a file in it that no server there may read; of the tree alone where it is no server's. */
function findWith(
  file: string,
  tree: readonly string[],
  find: (paths: readonly string[]) => readonly Machine[],
): readonly Machine[] {
  try {
    return find([...tree, file])
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    try {
      return find(tree)
    } catch {
      throw error
    }
  }
}

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

/** The files in the roots of machines that lie below the directory of the one that was found, by these roots. */
async function machineLayers(
  { config, root }: Arguments,
  machines: readonly Machine[],
  layers: Layers,
  rules: readonly Rule[],
  { workingDirectory }: Terminal,
): Promise<ReadonlyMap<string, Layers>> {
  const own = new Map<string, Layers>()
  if (config.kind !== 'search' || root !== null) return own
  const top = layers[0]?.name === null ? workingDirectory : layers[0]?.directory
  const known = ruleNames(rules)
  for (const machine of machines) {
    const directory = resolve(workingDirectory, machine.root)
    if (own.has(machine.root) || top === undefined || directory === top || !isBelow(directory, top)) continue
    const loaded = await loadMachineAuditrc(directory, { workingDirectory, knownRules: known })
    if (loaded !== null) own.set(machine.root, layersOf(loaded))
  }
  return own
}

function rootOf(given: Arguments, layers: Layers, workingDirectory: string): string | null {
  if (given.root === null) {
    const named = layers.find(({ auditrc }) => auditrc.root !== null)
    return named === undefined ? null : rootOfAuditrc(named)
  }
  const root = resolve(workingDirectory, given.root)
  if (!isDirectory(root)) throw new InputError(`the root ${given.root} is no directory`)
  return realpathSync(root)
}

/** The directory of the first audited path. */
function locate(paths: readonly string[], workingDirectory: string): string {
  const path = resolve(workingDirectory, paths.find(path => path !== '-') ?? '.')
  return isDirectory(path) ? path : dirname(path)
}
