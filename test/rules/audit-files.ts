import { parse } from 'yaml'
import { rules as allRules } from '../../rules/index.generated.ts'
import { loadPythonParser } from '../../parsers/python/load-python-parser.ts'
import { loadShellParser } from '../../parsers/shell/load-shell-parser.ts'
import { audit } from '../../src/audit.ts'
import type { AuditSettings } from '../../src/understand/settings.ts'
import { isBalanced } from '../../src/files/survey-directory.ts'
import { guideTexts, setupTexts } from '../../src/files/setup-texts.ts'
import { textsThatConfigure } from '../../src/files/texts-that-configure.ts'
import { understand } from '../../src/understand/understand.ts'
import { readProjects } from '../../src/deployment/containers/read-projects.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { DEFAULT_SITE_FACTS } from '../../src/deployment/site-facts.ts'
import type { Report } from '../../src/engine/report.ts'
import type { Rule } from '../../src/engine/rule.ts'
import { ruleNames } from '../../src/cli/rule-selection.ts'
import { meantRule } from '../../src/cli/unknown-rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { wholeDirectories } from '../../src/files/coverage.ts'
import { grammarFiles } from '../../src/files/grammars.ts'
import type { Machine } from '../../src/files/machine.ts'
import { memoryFileSystem } from '../../src/files/memory-file-system.ts'
import { mayHoldFiles, textsIn } from '../../src/files/nested-files.ts'
import { nestedPath } from '../../src/files/nested-path.ts'
import { recognise } from '../../src/files/recognise.ts'
import { repositoryAmong } from '../../src/files/repository.ts'
import { surveyRoot } from '../../src/files/survey.ts'
import type { ApacheEnvironment } from '../../src/servers/apache/environment.ts'
import { EMPTY_ENVIRONMENT } from '../../src/servers/apache/environment.ts'
import { environmentScript, readEnvironment } from '../../src/servers/apache/read-environment.ts'
import type { ServerVersion } from '../../src/servers/version.ts'

export type Environment = (files: FileSystem, main: string | null, machine: Machine) => ApacheEnvironment

const { runtime, python: grammar, bash } = grammarFiles()
const python = await loadPythonParser({ runtime, grammar })
const shell = await loadShellParser({ runtime, grammar: bash })

/** What the script of apachectl says; where there is none, an environment of which nothing is known. */
const environmentOf: Environment = (files, main) =>
  main === null || environmentScript(files, main) === null
    ? EMPTY_ENVIRONMENT
    : readEnvironment(files, shell, main)

/** Audits texts in memory as one root, with the options of the `.auditrc` among them. */
export function auditFiles(
  texts: Readonly<Record<string, string>>,
  rules: readonly Rule[],
  environment: Environment = environmentOf,
  modes: Readonly<Record<string, number>> = {},
): Report {
  const machines = [machineOf(texts, modes)]
  if (!rules.some(({ id }) => id.startsWith('suppression/')))
    return audit(machines, '.', settingsOf(texts['.auditrc'], rules, environment))
  // What is wrong with a suppression shows beside all that may be suppressed.
  const report = audit(machines, '.', settingsOf(texts['.auditrc'], allRules, environment))
  return { ...report, findings: report.findings.filter(({ rule }) => rules.some(({ id }) => id === rule)) }
}

/** The one deployment that texts in memory make: what a rule is handed. */
export function deploymentOf(texts: Readonly<Record<string, string>>): Deployment {
  const [deployment] = deploymentsOf(texts)
  if (deployment === undefined) throw new RangeError('the texts hold no configuration')
  return deployment
}

export function machineOf(
  texts: Readonly<Record<string, string>>,
  modes: Readonly<Record<string, number>> = {},
): Machine {
  const rest = Object.fromEntries(Object.entries(texts).filter(([path]) => path !== '.auditrc'))
  // A whole tree says what is missing; a handful of fragments says nothing of the files around it.
  const isTree = Object.keys(rest).some(path => path.startsWith('etc/'))
  const covers = isTree ? [isWholeMachine(rest) ? '/' : '/etc'] : []
  const files = memoryFileSystem(rest, { covers, modes })
  const paths = Object.keys(rest).map(path => `/${path}`)
  const repository = repositoryAmong(paths, {
    files,
    within: '/',
    isPlaced: isTree,
    peek: path => rest[path.slice(1)] ?? null,
  })
  const { mains, fragments, hasApache, htaccess } = surveyRoot(files, paths, () => true)
  const nested = isTree ? [] : paths.flatMap(path => nginxIn(files, path, rest[path.slice(1)] ?? ''))
  const unread = fragments(new Set(), { nginx: false, apache: false })
  const startsAlone =
    mains.nginx.length + mains.apache.length + unread.length + nested.length === 0 &&
    (repository?.composeFiles.length ?? 0) + (repository?.containerStarters.length ?? 0) + htaccess.length ===
      0
  return {
    startsAlone,
    root: '.',
    files,
    fileName: path => files.display(path),
    nginxMains: mains.nginx,
    apacheMains: mains.apache,
    // An example is one deployment, whatever its files are called.
    fragments: (reached, whole, isTaken) => {
      const sets = fragments(reached, whole, isTaken)
      const nginx = [...sets.flatMap(set => set.nginx), ...nested]
      const apache = sets.flatMap(set => set.apache)
      const together = sets.find(set => set.together !== undefined)?.together
      return nginx.length + apache.length === 0
        ? []
        : [{ nginx, apache, joint: true, ...(together !== undefined && { together }) }]
    },
    hasApache,
    htaccess,
    isDump: false,
    texts: () => textsThatConfigure(files, paths),
    setups: () => setupTexts(files, paths),
    guides: () => guideTexts(files, paths),
    supposed: false,
    notices: () => [],
    skipped: () => [],
    ...(repository !== null && { repository }),
  }
}

/** Whether texts stand for all of a machine, as the disk's are judged, and not for its `/etc` alone. */
function isWholeMachine(texts: Readonly<Record<string, string>>): boolean {
  const { list } = memoryFileSystem(texts)
  return wholeDirectories(directory => {
    const entries = list(directory)
    return entries === null ? null : new Set(entries.map(({ name }) => name))
  }).includes('/')
}

/** Files of nginx that stand as texts in another one. */
function nginxIn(files: FileSystem, path: string, text: string): readonly string[] {
  if (!mayHoldFiles(path)) return []
  return textsIn(path, text).flatMap(({ isWhole = false }, index) => {
    const named = nestedPath(path, index)
    const read = files.read(named)
    if (read.kind !== 'source' || recognise(read.source)?.program !== 'nginx') return []
    return isWhole || isBalanced(read.source, 'nginx') ? [named] : []
  })
}

/** All that the texts of one machine make, with settings that change nothing. */
export function deploymentsOf(texts: Readonly<Record<string, string>>): readonly Deployment[] {
  const settings = settingsOf(texts['.auditrc'], [], environmentOf)
  return understand(machineOf(texts), settings).deployments
}

export function settingsOf(
  options: string | undefined,
  rules: readonly Rule[],
  environment: Environment,
): AuditSettings {
  const read: { facts?: object; versions?: { nginx?: string; apache?: string } } =
    options === undefined ? {} : parse(options)
  const { nginx, apache } = read.versions ?? {}
  return {
    toolVersion: '0.0.0',
    rules: rules.map(rule => ({ rule, severity: null })),
    facts: { ...DEFAULT_SITE_FACTS, ...read.facts },
    versions: {
      ...(nginx === undefined ? {} : { nginx: given(nginx) }),
      ...(apache === undefined ? {} : { apache: given(apache) }),
    },
    includeMap: [],
    suppression: {
      known: ruleNames(allRules),
      nearest: name => meantRule(name, ruleNames(allRules)),
      isWhole: true,
    },
    python,
    shell,
    compose: readProjects,
    environment: (machine, main) => environment(machine.files, main, machine),
  }
}

function given(value: string): ServerVersion {
  return { value, from: 'option', at: null }
}
