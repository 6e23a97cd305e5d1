/** The library: what the command line does, as functions and values. */
import { rules } from '../rules/index.generated.ts'
import { audit } from './audit.ts'
import { loadParsers } from './cli/load-parsers.ts'
import { ruleNames } from './cli/rule-selection.ts'
import { meantRule } from './cli/unknown-rule.ts'
import { toolVersion } from './cli/tool-version.ts'
import { DEFAULT_SITE_FACTS, type SiteFacts } from './deployment/site-facts.ts'
import { isOnByDefault } from './engine/asked-for.ts'
import type { Report } from './engine/report.ts'
import type { Rule } from './engine/rule.ts'
import { discover } from './files/discover.ts'
import { InputError } from './files/input-error.ts'
import { parseNetwork } from './servers/addresses/ip.ts'
import { splitNginxDump } from './servers/nginx/dump.ts'
import type { ServerVersion } from './servers/version.ts'

export type { Finding, Location } from './engine/finding.ts'
export { fingerprintOf } from './engine/finding.ts'
export type { ProgramReport } from './engine/report.ts'
export type { Example, Fix, RuleDefinition, RuleFinding } from './engine/rule.ts'
export { defineRule } from './engine/rule.ts'
export type { Confidence, Severity } from './engine/severity.ts'
export { InputError }
export type { Reporter, ReportOptions } from './report/reporter.ts'
export { reporters } from './report/reporters.ts'
export type { Report, SiteFacts }
export { type Rule, rules }

export interface AuditOptions {
  /** Directory that stands for `/`; inferred from each path where absent. */
  readonly root?: string
  /** Directory to which paths and the files of the report are relative; the process's own where absent. */
  readonly workingDirectory?: string
  /** Rules to run; where absent, all that are on by default. */
  readonly rules?: readonly Rule[]
  /** What no configuration file says and the owner can. */
  readonly facts?: Partial<SiteFacts>
  /** Names as by `httpd -D`. */
  readonly defines?: readonly string[]
  /** Dotted, such as `1.22.1`; from the package database of the root, or the newest, where absent. */
  readonly versions?: { readonly nginx?: string; readonly apache?: string }
}

/**
 * Audits directories, main files and fragments, as `deploy-audit --all PATH…` does without an `.auditrc`.
 *
 * Rejects with an {@link InputError} whose message is one line where a path is not there or holds nothing
 * to audit, or where a fact is none.
 */
export async function auditPaths(paths: readonly string[], options: AuditOptions = {}): Promise<Report> {
  const noNetwork = options.facts?.outerProxies?.find(text => parseNetwork(text) === null)
  if (noNetwork !== undefined)
    throw new InputError(`facts.outerProxies: expected an address or a network, not "${noNetwork}"`)
  const machines = discover(paths, {
    workingDirectory: options.workingDirectory ?? process.cwd(),
    splitDump: splitNginxDump,
    ...(options.root !== undefined && { root: options.root }),
  })
  const [machine] = machines
  const { nginx, apache } = options.versions ?? {}
  return audit(machines, machines.length === 1 && machine !== undefined ? machine.root : '.', {
    toolVersion: toolVersion(),
    rules: (options.rules ?? rules.filter(({ id }) => isOnByDefault(id))).map(rule => ({
      rule,
      severity: null,
    })),
    facts: { ...DEFAULT_SITE_FACTS, ...options.facts },
    versions: {
      ...(nginx !== undefined && { nginx: given(nginx) }),
      ...(apache !== undefined && { apache: given(apache) }),
    },
    includeMap: [],
    suppression: {
      known: ruleNames(rules),
      nearest: name => meantRule(name, ruleNames(rules)),
      isWhole: true,
    },
    ...(await loadParsers(machines, options.defines ?? [])),
  })
}

function given(value: string): ServerVersion {
  return { value, from: 'option', at: null }
}
