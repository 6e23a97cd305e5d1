import type { PythonParser } from '../parsers/python/python-module.ts'
import type { Source } from '../parsers/text/source.ts'
import { buildDeployment } from './deployment/build/build-deployment.ts'
import type { Deployment } from './deployment/model.ts'
import type { SiteFacts } from './deployment/site-facts.ts'
import { type Finding, settle } from './engine/finding.ts'
import type { ProgramReport, Report } from './engine/report.ts'
import { type ActiveRule, type Crash, runRules } from './engine/run.ts'
import { SEVERITIES, type Severity } from './engine/severity.ts'
import type { Machine } from './files/discover.ts'
import type { ApacheConfiguration } from './servers/apache/configuration.ts'
import type { ApacheEnvironment } from './servers/apache/environment.ts'
import { evaluateApache } from './servers/apache/evaluate.ts'
import type { NginxConfiguration } from './servers/nginx/configuration.ts'
import { evaluateNginx } from './servers/nginx/evaluate.ts'
import { packageVersion } from './servers/package-version.ts'
import type { ServerVersion } from './servers/version.ts'

/** Everything an audit depends on but the files themselves. */
export interface AuditSettings {
  readonly toolVersion: string
  readonly rules: readonly ActiveRule[]
  readonly facts: SiteFacts
  /** Given versions win over the package database of the root. */
  readonly versions: { readonly nginx?: ServerVersion; readonly apache?: ServerVersion }
  /** Includes that point into a tree with another layout: the first matching prefix is replaced. */
  readonly includeMap: readonly { readonly from: string; readonly to: string }[]
  /** Reads WSGI scripts and settings; without it what they say is unknown. */
  readonly python?: PythonParser | null
  /** How the service starts the httpd of a main file (null: of fragments). */
  readonly environment: (machine: Machine, main: string | null) => ApacheEnvironment
}

/** The servers of one machine as the audit understood them, and what rules ask. */
export interface UnderstoodMachine {
  readonly machine: Machine
  readonly nginx: readonly NginxConfiguration[]
  readonly apache: readonly ApacheConfiguration[]
  readonly deployments: readonly Deployment[]
}

/**
 * Reads the servers of one machine: every main file with what it includes. Files that no main file reaches
 * stand for the missing main file of their program; where there is one, they are a deployment of their own.
 */
export function understand(machine: Machine, settings: AuditSettings): UnderstoodMachine {
  const { files } = machine
  const { facts, includeMap } = settings
  const nginxVersion = settings.versions.nginx ?? packageVersion(files, 'nginx')
  const apacheVersion = settings.versions.apache ?? packageVersion(files, 'apache')

  const readNginx = (main: string | null, fragments: readonly string[]): NginxConfiguration =>
    evaluateNginx({
      files,
      main: main === null ? null : sourceOf(machine, main),
      ...(main !== null && { mainPath: main }),
      isDump: machine.isDump,
      fragments: fragments.map(path => sourceOf(machine, path)),
      version: nginxVersion,
      includeMap,
    })
  const readApache = (main: string | null, fragments: readonly string[]): ApacheConfiguration =>
    evaluateApache({
      files,
      main: main === null ? null : sourceOf(machine, main),
      fragments: fragments.map(path => sourceOf(machine, path)),
      environment: settings.environment(machine, main),
      version: apacheVersion,
    })

  const nginx = machine.nginxMains.map(main => readNginx(main, []))
  const apache = machine.apacheMains.map(main => readApache(main, []))
  const reached = new Set([...nginx, ...apache].flatMap(({ sources }) => sources.map(({ path }) => path)))
  const rest = machine.fragments(reached)
  const nginxFragments = rest.nginx.length === 0 ? [] : [readNginx(null, rest.nginx)]
  const apacheFragments = rest.apache.length === 0 ? [] : [readApache(null, rest.apache)]

  const build = (
    nginx: readonly NginxConfiguration[],
    apache: readonly ApacheConfiguration[],
  ): Deployment[] =>
    nginx.length + apache.length === 0
      ? []
      : [buildDeployment({ nginx, apache, facts, files, python: settings.python ?? null })]
  const deployments = [
    ...build(nginx.length === 0 ? nginxFragments : nginx, apache.length === 0 ? apacheFragments : apache),
    ...build(nginx.length === 0 ? [] : nginxFragments, apache.length === 0 ? [] : apacheFragments),
  ]
  return {
    machine,
    nginx: [...nginx, ...nginxFragments],
    apache: [...apache, ...apacheFragments],
    deployments,
  }
}

/** Audits the machines that discovery found: from files to the one value that every reporter prints. */
export function audit(machines: readonly Machine[], root: string, settings: AuditSettings): Report {
  const findings: Finding[] = []
  const crashes: Crash[] = []
  const programs: ProgramReport[] = []
  const notices: string[] = []
  let fileCount = 0
  for (const machine of machines) {
    const understood = understand(machine, settings)
    for (const deployment of understood.deployments) {
      const result = runRules(settings.rules, deployment, machine.fileName)
      // There may be more of them than a call takes arguments.
      for (const finding of result.findings) findings.push(finding)
      crashes.push(...result.crashes)
    }
    const refused = new Set(findings.filter(({ fatal }) => fatal).map(({ at }) => at.source))
    for (const configuration of [...understood.nginx, ...understood.apache]) {
      programs.push(programReport(configuration, machine, refused))
      fileCount += configuration.sources.length
    }
    notices.push(...machine.notices())
  }
  const settled = settle(findings)
  return {
    tool: { name: 'deploy-audit', version: settings.toolVersion },
    root,
    files: fileCount,
    programs,
    findings: settled,
    suppressed: [],
    summary: summarise(settled),
    rules: settings.rules.map(({ rule }) => rule),
    crashes,
    notices,
  }
}

/** @param refused files in which some rule found what their server refuses */
function programReport(
  configuration: NginxConfiguration | ApacheConfiguration,
  machine: Machine,
  refused: ReadonlySet<Source>,
): ProgramReport {
  return {
    program: configuration.program,
    main: configuration.main === null ? null : machine.fileName(configuration.main.path),
    accepted:
      !configuration.problems.some(problem => problem.fatal) &&
      !configuration.sources.some(source => refused.has(source)),
    version: configuration.version.value,
  }
}

function sourceOf(machine: Machine, path: string) {
  const read = machine.files.read(path)
  if (read.kind !== 'source') throw new Error(`${path}: ${read.reason}`)
  return read.source
}

function summarise(findings: readonly Finding[]): Record<Severity, number> {
  const summary = Object.fromEntries(SEVERITIES.map(severity => [severity, 0])) as Record<Severity, number>
  for (const { severity } of findings) summary[severity]++
  return summary
}
