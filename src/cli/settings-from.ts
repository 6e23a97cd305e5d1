import type { AuditSettings } from '../understand/settings.ts'
import type { Rule } from '../engine/rule.ts'
import type { Machine } from '../files/discover.ts'
import type { ServerVersion } from '../servers/version.ts'
import type { Arguments } from './arguments.ts'
import {
  definesOf,
  factsOf,
  type Layers,
  type Overrides,
  severitiesOf,
  versionsOf,
} from './auditrc/layers.ts'
import { includeMapOfAuditrc } from './auditrc/load-auditrc.ts'
import { loadParsers } from './load-parsers.ts'
import { ruleNames, selectRules } from './rule-selection.ts'
import { toolVersion } from './tool-version.ts'
import { meantRule } from './unknown-rule.ts'

export interface SettingsSource {
  readonly given: Arguments
  readonly rules: readonly Rule[]
  readonly machines: readonly Machine[]
  /** The `.auditrc` files that speak of a machine. */
  readonly layersFor: (machine: Machine) => Layers
  /** Absolute directory of this machine to which server paths of `include.map` belong. */
  readonly rootFor: (machine: Machine) => string
  readonly overrides: Overrides | null
  readonly isWhole: boolean
}

/** What each machine is audited by; the first one's where null is asked for. Throws `InputError`. */
export async function settingsFrom(
  source: SettingsSource,
): Promise<(machine: Machine | null) => AuditSettings> {
  const { given, rules, machines, layersFor, rootFor, overrides, isWhole } = source
  const names = ruleNames(rules)
  const base = {
    toolVersion: toolVersion(),
    suppression: { known: names, nearest: (name: string) => meantRule(name, names), isWhole },
  }
  const byLayers = new Map<string, AuditSettings>()
  const byRoot = new Map<string, AuditSettings>()
  for (const machine of machines) {
    const layers = layersFor(machine)
    const key = layers.map(({ name }) => name).join('\0')
    let settings = byLayers.get(key)
    if (settings === undefined) {
      const alike = machines.filter(each => sameLayers(layersFor(each), layers))
      settings = {
        ...base,
        rules: selectRules(rules, {
          only: given.only,
          skip: given.skip,
          configured: severitiesOf(layers),
          ...(overrides !== null && { isOnSomewhere: overrides.enables }),
        }),
        facts: factsOf(layers),
        versions: serverVersions(given, layers),
        includeMap: layers.flatMap(layer => includeMapOfAuditrc(layer, rootFor(machine))),
        ...(await loadParsers(alike, [...given.defines, ...definesOf(layers)])),
      }
      byLayers.set(key, settings)
    }
    byRoot.set(machine.root, settings)
  }
  return machine => {
    const settings = machine === null ? [...byRoot.values()][0] : byRoot.get(machine.root)
    if (settings === undefined) throw new RangeError('no machine was found')
    return settings
  }
}

function sameLayers(one: Layers, other: Layers): boolean {
  return one.length === other.length && one.every(({ name }, index) => name === other[index]?.name)
}

function serverVersions(given: Arguments, layers: Layers): AuditSettings['versions'] {
  const version = (value: string | undefined, from: ServerVersion['from']): ServerVersion | undefined =>
    value === undefined ? undefined : { value, from, at: null }
  const written = versionsOf(layers)
  const nginx = version(given.nginxVersion ?? undefined, 'option') ?? version(written.nginx, 'configuration')
  const apache = version(written.apache, 'configuration')
  return { ...(nginx !== undefined && { nginx }), ...(apache !== undefined && { apache }) }
}
