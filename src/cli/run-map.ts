import { applySuppressions } from '../apply-suppressions.ts'
import { type AuditedMachine, auditMachine } from '../audit.ts'
import { type DeploymentMap, deploymentMap } from '../deployment/map/deployment-map.ts'
import type { Deployment } from '../deployment/model.ts'
import { type Finding, settle } from '../engine/finding.ts'
import type { Rule } from '../engine/rule.ts'
import type { Crash } from '../engine/run.ts'
import { fileNamer } from '../files/file-owner.ts'
import { InputError } from '../files/input-error.ts'
import { failureNotice, type Notice } from '../files/notice.ts'
import { mapDot } from '../report/map/map-dot.ts'
import { mapJson } from '../report/map/map-json.ts'
import { mapMermaid } from '../report/map/map-mermaid.ts'
import { mapText } from '../report/map/map-text.ts'
import { redactorFor } from '../redactor-for.ts'
import type { ApacheConfiguration } from '../servers/apache/configuration.ts'
import { siteMap, siteNames } from '../deployment/map/site-map.ts'
import type { Arguments } from './arguments.ts'
import { commandOutput } from './command-output.ts'
import { didYouMean } from './did-you-mean.ts'
import { type Prepared, prepare } from './prepare.ts'
import type { Terminal } from './terminal.ts'
import { warnIncomplete, warnStacks } from './warn-incomplete.ts'

/** Draws the joined picture of every deployment, what is surely wrong marked in it. */
export async function runMap(given: Arguments, rules: readonly Rule[], terminal: Terminal): Promise<number> {
  const prepared = await prepare(given, rules, terminal)
  const { machines, settingsOf } = prepared
  const crashes: Crash[] = []
  const failures: Notice[] = []
  const maps: DeploymentMap[] = []
  const apache: ApacheConfiguration[] = []
  for (const machine of machines) {
    const audited = auditMachine(machine, settingsOf(machine))
    crashes.push(...audited.crashes)
    apache.push(...audited.understood.apache)
    failures.push(...audited.understood.failures)
    const errors = errorsOf(audited, prepared)
    for (const deployment of audited.understood.deployments) {
      const faults = errors
        .filter(({ at }) => isOf(deployment, audited.understood.deployments, at.source.path))
        .map(({ rule, message, at }) => ({ rule, message, file: at.file, line: at.line }))
      try {
        maps.push(deploymentMap(deployment, fileNamer(machine), faults))
      } catch (error) {
        failures.push(failureNotice('drawing the map', null, error))
      }
    }
  }
  const { chalk, write } = await commandOutput(given, terminal)
  const redact = redactorFor(machines, apache)
  // Containers whose servers have main files of their own are drawn once, not for each of them.
  const each = [...new Map(maps.map(map => [JSON.stringify(map), map])).values()]
  const drawn = given.site === null ? each : mapsOfSite(each, given.site)
  write([draw(redact.value(drawn), given.format, chalk)])
  for (const { rule, message } of crashes)
    terminal.warn(`internal/rule-crashed: \`${rule}\` failed: ${redact.message(message)}`)
  warnIncomplete(failures, terminal)
  if (given.verbose) warnStacks([...crashes, ...failures], terminal)
  return crashes.length + failures.length === 0 || given.allowIncomplete ? 0 : 4
}

/** What a report would call an error: neither accepted by a comment nor made less in its file, nor left out there. */
function errorsOf(
  { findings, understood }: AuditedMachine,
  { settingsOf, override, ignores }: Prepared,
): readonly Finding[] {
  const { machine, apache } = understood
  const { suppression = { known: [], nearest: () => null, isWhole: false } } = settingsOf(machine)
  const standing = applySuppressions(
    settle(findings, [machine.root]),
    [understood],
    [],
    suppression,
    false,
    redactorFor([machine], apache),
  )
  return standing.findings
    .flatMap(finding => override(finding) ?? [])
    .filter(({ severity, at }) => severity === 'error' && !ignores(at.file))
}

/** True for a file of this deployment's servers, and for what is no server's own. */
function isOf(deployment: Deployment, all: readonly Deployment[], path: string): boolean {
  const reads = ({ nginx, apache }: Deployment): boolean =>
    [...nginx, ...apache].some(({ sources }) => sources.some(source => source.path === path))
  return reads(deployment) || !all.some(reads)
}

/** Throws {@link InputError} where no site has the name. */
function mapsOfSite(maps: readonly DeploymentMap[], name: string): readonly DeploymentMap[] {
  const found = maps.map(map => siteMap(map, name)).filter(({ sites }) => sites.length > 0)
  if (found.length > 0) return found
  const names = siteNames(maps.flatMap(({ sites }) => sites))
  throw new InputError(`no \`server_name\` is "${name}"${didYouMean(name, names)}`)
}

function draw(
  maps: readonly DeploymentMap[],
  format: Arguments['format'],
  chalk: Parameters<typeof mapText>[1],
): string {
  switch (format) {
    case 'json':
      return mapJson(maps)
    case 'mermaid':
      return mapMermaid(maps)
    case 'dot':
      return mapDot(maps)
    default:
      return mapText(maps, chalk)
  }
}
